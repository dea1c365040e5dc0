package container

import (
	"os"
	"runtime"
	"sync"
)

// spawner starts processes from one thread that lives as long as the Runtime. The kernel sends a process its
// parent-death signal when the thread that started it ends, and Go may end any thread on which a
// goroutine exits while it is locked to it; this goroutine never does.
type spawner struct {
	mu   sync.Mutex
	jobs chan func() // nil after close
}

func newSpawner() *spawner {
	hearHangups()
	jobs := make(chan func())
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		for job := range jobs {
			job()
		}
	}()
	return &spawner{jobs: jobs}
}

// start is os.StartProcess on the spawner's thread. It fails after close.
func (s *spawner) start(name string, args []string, attr *os.ProcAttr) (process *os.Process, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs == nil {
		return nil, errClosed
	}
	done := make(chan struct{})
	s.jobs <- func() {
		defer close(done)
		process, err = os.StartProcess(name, args, attr)
	}
	<-done
	return process, err
}

func (s *spawner) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.jobs != nil {
		close(s.jobs)
		s.jobs = nil
	}
}
