// Package manager gives shared objects of any kind, held by a server process, to clients on this machine or another.
package manager
