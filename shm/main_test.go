package shm_test
import ("testing";"os")
func TestMain(m *testing.M){ d,_:=os.MkdirTemp("/dev/shm","t"); os.Setenv("SHMKIT_DIR",d); c:=m.Run(); os.RemoveAll(d); os.Exit(c)}
