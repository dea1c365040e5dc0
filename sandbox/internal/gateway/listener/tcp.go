package listener

import (
	"context"
	"io"
	"math/rand/v2"
	"net"

	tcpproxyv3 "github.com/envoyproxy/go-control-plane/envoy/extensions/filters/network/tcp_proxy/v3"

	"github.com/meshmanager/smm/sandbox/internal/gateway/route"
)

// forward passes a connection on to the chain's cluster.
func (h *chainHandler) forward(downstream net.Conn, hello Hello) {
	defer downstream.Close()
	name := clusterOf(h.tcp, rand.Float64())
	if h.sniCluster && hello.ServerName != "" {
		name = hello.ServerName
	}
	cluster := h.Clusters.Get(name)
	if cluster == nil {
		h.Log.Debug("there is no such cluster", "cluster", name)
		return
	}
	upstream, err := cluster.Dial(context.Background())
	if err != nil {
		h.Log.Warn("a connection was not passed on", "server name", hello.ServerName, "error", err)
		return
	}
	defer upstream.Close()
	join(downstream, upstream)
}

// clusterOf is the cluster of a connection. Random is from 0 up to 1.
func clusterOf(proxy *tcpproxyv3.TcpProxy, random float64) string {
	if name := proxy.GetCluster(); name != "" {
		return name
	}
	var weighted []route.Weighted
	for _, c := range proxy.GetWeightedClusters().GetClusters() {
		weighted = append(weighted, route.Weighted{Cluster: c.GetName(), Weight: c.GetWeight()})
	}
	return route.Draw(weighted, random)
}

// join copies both ways until both ends are done.
func join(a, b net.Conn) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		pass(a, b)
	}()
	pass(b, a)
	<-done
}

// pass copies until one end is done and tells the other. When that fails, both connections are of no use any more.
func pass(to, from net.Conn) {
	_, err := io.Copy(struct{ io.Writer }{to}, struct{ io.Reader }{from})
	half, ok := to.(interface{ CloseWrite() error })
	if err != nil || !ok || half.CloseWrite() != nil {
		to.Close()
		from.Close()
	}
}
