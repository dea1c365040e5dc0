package call

import (
	"fmt"
	"net"
	"sync"

	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	xdscredentials "google.golang.org/grpc/credentials/xds"
	"google.golang.org/grpc/xds"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/request"
)

// maxConnections bounds the targets whose connection is kept; others are dialled for each call.
const maxConnections = 64

// connections keeps one gRPC client for each target.
type connections struct {
	self mesh.Self

	mu    sync.Mutex
	known map[string]*grpc.ClientConn
}

func newConnections(self mesh.Self) *connections {
	return &connections{self: self, known: map[string]*grpc.ClientConn{}}
}

// get returns a client for the target; release must be called after the call.
func (c *connections) get(r request.Request, plaintext bool) (connection *grpc.ClientConn, release func(), err error) {
	target := c.target(r, plaintext)
	c.mu.Lock()
	defer c.mu.Unlock()
	if connection, ok := c.known[target]; ok {
		return connection, func() {}, nil
	}
	connection, err = c.dial(target, plaintext)
	if err != nil {
		return nil, nil, fmt.Errorf("target %s: %w", target, err)
	}
	if len(c.known) >= maxConnections {
		return connection, func() { connection.Close() }, nil
	}
	c.known[target] = connection
	return connection, func() {}, nil
}

// target is the gRPC name of a target: resolved by istiod over xDS in the mesh, by DNS otherwise.
func (c *connections) target(r request.Request, plaintext bool) string {
	if c.self.Proxyless && !plaintext {
		return "xds:///" + net.JoinHostPort(c.self.ResolveHost(r.Host).FQDN, r.Port)
	}
	return "dns:///" + r.Address()
}

func (c *connections) dial(target string, plaintext bool) (*grpc.ClientConn, error) {
	options := []grpc.DialOption{grpc.WithStatsHandler(wireHandler{})}
	if !c.self.Proxyless || plaintext {
		return grpc.NewClient(target, append(options, grpc.WithTransportCredentials(insecure.NewCredentials()))...)
	}
	// The mesh prescribes the credentials; where it prescribes none, there are none.
	credentials, err := xdscredentials.NewClientCredentials(xdscredentials.ClientOptions{FallbackCreds: insecure.NewCredentials()})
	if err != nil {
		return nil, err
	}
	// This is gRPC's only way to give it a bootstrap that the environment does not name.
	resolver, err := xds.NewXDSResolverWithConfigForTesting(c.self.XDS)
	if err != nil {
		return nil, err
	}
	return grpc.NewClient(target, append(options, grpc.WithTransportCredentials(credentials), grpc.WithResolvers(resolver))...)
}

func (c *connections) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, connection := range c.known {
		connection.Close()
	}
	clear(c.known)
}
