package podforward

import (
	"context"
	"errors"
	"io"
	"net"
	"sync"
)

// Forward leads the connections that a listener accepts to the pods, until ctx ends. failed is told why one could not be led
// there; that one is closed.
func (p *Pods) Forward(ctx context.Context, listener net.Listener, failed func(error)) error {
	var running sync.WaitGroup
	defer running.Wait()
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(ctx, func() {
		_ = listener.Close() // nobody listens any more
		_ = p.Close()
	})
	defer stop()
	for {
		accepted, err := listener.Accept()
		if err != nil && ctx.Err() != nil {
			return nil
		}
		if err != nil {
			return err
		}
		running.Go(func() {
			if err := p.lead(ctx, accepted); err != nil && ctx.Err() == nil {
				failed(err)
			}
		})
	}
}

// lead copies between a connection and one to a pod until either ends.
func (p *Pods) lead(ctx context.Context, accepted net.Conn) error {
	defer accepted.Close()
	led, err := p.Dial(ctx)
	if err != nil {
		return err
	}
	defer led.Close()
	ended := make(chan error, 2)
	for _, ends := range [][2]net.Conn{{led, accepted}, {accepted, led}} {
		go func() {
			_, err := io.Copy(ends[0], ends[1])
			ended <- err
		}()
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-ended:
		if errors.Is(err, net.ErrClosed) {
			return nil
		}
		return err
	}
}
