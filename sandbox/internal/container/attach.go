package container

import (
	"context"
	"fmt"
	"io"
)

// Attach connects to the first process of the container from now on, until it or ctx ends.
func (c *Container) Attach(ctx context.Context, streams Streams) error {
	if !c.Status().Running {
		return fmt.Errorf("attach to container %s: it is not running", c.spec.Name)
	}
	for to, from := range map[*fanOut]io.Writer{&c.stdout: streams.Stdout, &c.stderr: streams.Stderr} {
		if from != nil {
			w := &attached{from}
			to.add(w)
			defer to.remove(w)
		}
	}
	ended := make(chan struct{})
	defer close(ended)
	if streams.Stdin != nil && c.io.stdin != nil {
		go c.feed(streams.Stdin)
	}
	if c.terminal != nil && streams.Resize != nil {
		go followSizes(c.terminal, streams.Resize, ended)
	}
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attached gives each attachment's writer an identity of its own.
type attached struct{ io.Writer }

func (c *Container) feed(input io.Reader) {
	// The input ends either way: the user has no more, or the container reads no more.
	_, _ = io.Copy(c.io.stdin, input)
	if c.spec.StdinOnce && c.terminal == nil {
		c.io.stdin.Close()
	}
}
