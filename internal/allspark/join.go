package allspark

import (
	"context"
	"log/slog"

	"github.com/meshmanager/smm/internal/allspark/mesh"
	"github.com/meshmanager/smm/internal/allspark/xdsmux"
)

// join gathers what the environment and the mesh tell of this workload and, in a proxyless one, connects to the mesh's
// configuration and certificates. leave must be called at the end.
func join(ctx context.Context, config Config, log *slog.Logger) (self mesh.Self, leave func(), err error) {
	self = mesh.Self{Workload: config.Self, Pod: config.Pod, Domain: config.Domain, Sidecar: config.Sidecar}
	self.Service = config.Service
	if config.Bootstrap == "" {
		return self, func() {}, nil
	}
	bootstrap, err := mesh.ReadBootstrap(config.Bootstrap)
	if err != nil {
		return self, nil, err
	}
	self.Proxyless = true
	self.Workload = self.Workload.Or(bootstrap.Workload)

	certificates, err := mesh.NewTLS(ctx, bootstrap.Certificates)
	if err != nil {
		return self, nil, err
	}
	self.TLS = certificates
	mux, err := xdsmux.Start(bootstrap.Server, log)
	if err != nil {
		certificates.Close()
		return self, nil, err
	}
	leave = func() {
		mux.Close()
		certificates.Close()
	}
	if self.XDS, err = bootstrap.Through(mux.Address()); err != nil {
		leave()
		return self, nil, err
	}
	return self, leave, nil
}
