//go:build !linux

package shmtest

import "os"

func tryLock(*os.File) bool { return true }

func sweep(string) {}
