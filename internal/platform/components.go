package platform

import (
	"sigs.k8s.io/controller-runtime/pkg/client"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube"
)

// components lists the parts of the product in the documented order, which is the one in which
// they are reconciled. The address is where other clusters reach this one's API server, "" for where
// it says itself.
func components(c client.Client, applier *kube.Applier, catalogue istio.Catalogue, apiServerAddress string) []component {
	k := keeper{client: c, applier: applier}
	all := []component{
		certManager{client: c},
		groupMember{rendered{k, clusterRegistry(catalogue, apiServerAddress)}},
		meshManager{client: c, applier: applier, catalogue: catalogue},
		rendered{k, nodeExporter()},
		registryAccess{k, catalogue},
		unavailable{smmv1alpha1.ComponentOneEye, "ship logs", func(s *smmv1alpha1.ControlPlaneSpec) bool {
			return s.OneEye != nil && isTrue(s.OneEye.Enabled)
		}},
		meshed{rendered{k, ingressGateway(catalogue)}},
		newMetricsStore(k),
		rendered{k, application(catalogue)},
		exposed{meshed{rendered{k, exposedDashboard(catalogue)}}},
	}
	for _, part := range servedParts() {
		all = append(all, part)
	}
	for _, part := range unavailableParts() {
		all = append(all, unavailable{part.key, part.lacks, func(s *smmv1alpha1.ControlPlaneSpec) bool {
			return wantsSMM(s) && part.wanted(s.SMM)
		}})
	}
	return all
}

// unavailablePart is a part of smm whose capability this version of the product does not have.
type unavailablePart struct {
	key, lacks string
	wanted     func(*smmv1alpha1.SMM) bool
}

func unavailableParts() []unavailablePart {
	on := func(c *smmv1alpha1.Component) bool { return c != nil && isTrue(c.Enabled) }
	type smm = smmv1alpha1.SMM
	return []unavailablePart{
		{smmv1alpha1.ComponentALS, "receive the proxies' access logs", func(s *smm) bool { return on(s.ALS) }},
		{smmv1alpha1.ComponentGrafana, "show dashboards of metrics", func(s *smm) bool { return on(s.Grafana) }},
		{smmv1alpha1.ComponentKubeStateMetrics, "report the state of Kubernetes objects as metrics", func(s *smm) bool { return on(s.KubeStateMetrics) }},
		{smmv1alpha1.ComponentLeo, "answer ACME challenges through gateways", func(s *smm) bool { return on(s.Leo) }},
		{smmv1alpha1.ComponentPrometheusOperator, "have an operator for Prometheus: the component prometheus does without", func(s *smm) bool { return on(s.PrometheusOperator) }},
		{smmv1alpha1.ComponentSDM, "include Streaming Data Manager", func(s *smm) bool { return on(s.SDM) }},
		{smmv1alpha1.ComponentSRE, "measure service level objectives", func(s *smm) bool { return s.SRE != nil && isTrue(s.SRE.Enabled) }},
		{smmv1alpha1.ComponentTracing, "store traces", func(s *smm) bool { return on(s.Tracing) }},
		{smmv1alpha1.ComponentVMIntegration, "join virtual machines to the mesh", func(s *smm) bool { return on(s.VMIntegration) }},
	}
}

func wantsSMM(spec *smmv1alpha1.ControlPlaneSpec) bool {
	return spec.SMM != nil && isTrue(spec.SMM.Enabled)
}
