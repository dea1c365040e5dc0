package stats

import (
	"errors"
	"net"
	"sync"
)

// Traffic is where a connection is counted.
type Traffic struct {
	Read, Written *Value // bytes
	Closed        func() // called once
}

// Count counts what passes through a connection.
func Count(c net.Conn, traffic Traffic) net.Conn { return &counted{Conn: c, traffic: traffic} }

type counted struct {
	net.Conn

	traffic Traffic
	once    sync.Once
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	c.traffic.Read.Add(int64(n))
	return n, err
}

func (c *counted) Write(p []byte) (int, error) {
	n, err := c.Conn.Write(p)
	c.traffic.Written.Add(int64(n))
	return n, err
}

func (c *counted) Close() error {
	c.once.Do(c.traffic.Closed)
	return c.Conn.Close()
}

// CloseWrite ends what is sent, where the connection can do that without being closed.
func (c *counted) CloseWrite() error {
	half, ok := c.Conn.(interface{ CloseWrite() error })
	if !ok {
		return errors.ErrUnsupported
	}
	return half.CloseWrite()
}
