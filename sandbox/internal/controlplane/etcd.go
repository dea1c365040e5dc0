package controlplane

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"time"

	"go.etcd.io/etcd/server/v3/embed"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Unix sockets of etcd in the working directory. Relative, because the path of
// a socket may have 107 bytes only, and that of a directory any number. Named
// like ports, because etcd insists on a port. No TCP: on a shared machine
// anyone could read the cluster's secrets there.
const (
	etcdClients = "etcd:2379"
	etcdPeers   = "etcd:2380"
)

const etcdStartTimeout = 60 * time.Second

// startEtcd opens the data and waits until etcd serves. The working directory must be the control plane's.
func startEtcd(ctx context.Context, dataDir string, log io.Writer) (*embed.Etcd, error) {
	server, err := embed.StartEtcd(etcdConfig(dataDir, log))
	if err != nil {
		return nil, fmt.Errorf("starting etcd: %w", err)
	}
	select {
	case <-server.Server.ReadyNotify():
		return server, nil
	case err = <-server.Err():
	case <-time.After(etcdStartTimeout):
		err = fmt.Errorf("not ready after %s", etcdStartTimeout)
	case <-ctx.Done():
		err = ctx.Err()
	}
	server.Close()
	return nil, fmt.Errorf("starting etcd: %w", errors.Join(err))
}

func etcdConfig(dataDir string, log io.Writer) *embed.Config {
	clients := url.URL{Scheme: "unix", Host: etcdClients}
	peers := url.URL{Scheme: "unix", Host: etcdPeers}
	config := embed.NewConfig()
	config.Dir = dataDir
	config.ZapLoggerBuilder = embed.NewZapLoggerBuilder(etcdLogger(log))
	config.ListenClientUrls, config.AdvertiseClientUrls = []url.URL{clients}, []url.URL{clients}
	config.ListenPeerUrls, config.AdvertisePeerUrls = []url.URL{peers}, []url.URL{peers}
	config.InitialCluster = config.InitialClusterFromName(config.Name)
	config.EnableGRPCGateway = false
	// A killed process loses nothing that it wrote; only a machine that loses
	// power could, and a sandbox is easily made again.
	config.UnsafeNoFsync = true
	// The only member has nobody to wait for when it elects itself.
	config.TickMs, config.ElectionMs = 20, 100
	// No follower ever catches up: keep few log entries in memory.
	config.SnapshotCount = 1000
	config.SnapshotCatchUpEntries = 100
	return config
}

func etcdLogger(out io.Writer) *zap.Logger {
	format := zap.NewProductionEncoderConfig()
	format.EncodeTime = zapcore.ISO8601TimeEncoder
	encoder := zapcore.NewConsoleEncoder(format)
	return zap.New(zapcore.NewCore(encoder, zapcore.Lock(zapcore.AddSync(out)), zap.ErrorLevel)).Named("etcd")
}
