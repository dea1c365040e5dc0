package graph

import (
	"context"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// Tools are addresses of other tools that show more; "" for what is not there.
type Tools struct{ Grafana, Jaeger string }

// Tools tells where other tools are.
func (q query) Tools(ctx context.Context) (*model.Tools, error) {
	if _, err := someone(ctx); err != nil {
		return nil, err
	}
	return &model.Tools{Grafana: optional(q.Resolver.Tools.Grafana), Jaeger: optional(q.Resolver.Tools.Jaeger)}, nil
}

// IstioVersions lists what is built in.
func (q query) IstioVersions(context.Context) ([]model.IstioVersion, error) {
	catalogue := istio.Builtin()
	versions := []model.IstioVersion{}
	for _, version := range catalogue.Versions() {
		release, err := catalogue.Find(version)
		if err != nil {
			return nil, err
		}
		versions = append(versions, model.IstioVersion{Version: version, Kubernetes: release.Kubernetes()})
	}
	return versions, nil
}
