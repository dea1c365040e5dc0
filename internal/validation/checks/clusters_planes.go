package checks

import (
	"fmt"
	"strings"

	"github.com/Masterminds/semver/v3"
	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/validation"
	"github.com/meshmanager/smm/internal/validation/facts"
)

// planesDiffer makes a check of the cluster itself: a value of its first control plane differs from that of the first
// cluster that has one.
func planesDiffer(check validation.Check, name string, value func(validation.View, facts.ControlPlane) string) validation.Check {
	check.Severity = validation.Error
	check.Subjects, check.Across = of(validation.Cluster), true
	check.Reads = of(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane)
	check.Run = func(v validation.View, _ *validation.Object, report validation.Report) {
		mine := facts.ControlPlanes(v)
		if len(mine) == 0 {
			return
		}
		for _, cluster := range v.Clusters() {
			at := v.At(cluster)
			others := facts.ControlPlanes(at)
			if len(others) == 0 {
				continue
			}
			here, there := value(v, mine[0]), value(at, others[0])
			if here != "" && there != "" && here != there {
				report(validation.Fault{Subject: mine[0].Object, Context: values(name, here, "in "+cluster, there)})
			}
			return // the first cluster with a control plane is what the others are compared with
		}
	}
	return check
}

func trustDomainsDiffer() validation.Check {
	return planesDiffer(validation.Check{
		ID:      "controlplane/clusters/trust-domain",
		Message: "the trust domain is another one than in another cluster of the mesh",
		Cause:   "Identities begin with the trust domain. Authorization policies that name clients do not fit clients of the other cluster.",
		Mend:    "Set the same trust domain in all clusters, or list the other one in trustDomainAliases.",
	}, "trustDomain", func(v validation.View, plane facts.ControlPlane) string {
		for _, alias := range plane.Mesh.GetTrustDomainAliases() {
			for _, cluster := range v.Clusters() {
				for _, other := range facts.ControlPlanes(v.At(cluster)) {
					if alias == other.Mesh.GetTrustDomain() {
						return ""
					}
				}
			}
		}
		return plane.Mesh.GetTrustDomain()
	})
}

func rootCertificatesDiffer() validation.Check {
	return planesDiffer(validation.Check{
		ID:      "controlplane/clusters/root-certificate",
		Message: "the root certificate is another one than in another cluster of the mesh",
		Cause:   "Workloads of the clusters do not trust each other's certificates: every connection between the clusters fails.",
		Mend:    "Let the clusters' authorities have one common root, as 'smm istio cluster attach' sees to.",
	}, "rootCertificate", func(v validation.View, plane facts.ControlPlane) string {
		o := v.Get(validation.ConfigMap, plane.Namespace, istio.RootCertConfigMap)
		if o == nil {
			return ""
		}
		return fingerprint([]byte(validation.SpecOf[*corev1.ConfigMap](o).Data["root-cert.pem"]))
	})
}

func meshIDsDiffer() validation.Check {
	return planesDiffer(validation.Check{
		ID:      "controlplane/clusters/mesh-id",
		Message: "the mesh ID is another one than in another cluster of the mesh",
		Cause:   "The clusters say of themselves that they belong to different meshes. Telemetry does not join what they report.",
		Mend:    "Set the same mesh ID in all clusters.",
	}, "meshID", func(_ validation.View, plane facts.ControlPlane) string {
		return plane.Mesh.GetDefaultConfig().GetMeshId()
	})
}

// supportedSkew is how many minor versions apart control planes of one mesh may be: Istio's canary upgrades may skip one.
const supportedSkew = 2

func versionsApart() validation.Check {
	return validation.Check{
		ID:       "controlplane/version/skew",
		Severity: validation.Warning,
		Message:  "control planes of the mesh are too many versions apart",
		Cause:    "Istio supports control planes of one mesh that are at most two minor versions apart.",
		Mend:     "Upgrade the oldest control planes first.",
		Subjects: of(validation.Cluster),
		Reads:    of(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane),
		Across:   true,
		Run: func(v validation.View, _ *validation.Object, report validation.Report) {
			newest := newestVersion(v)
			if newest == nil {
				return
			}
			for _, plane := range facts.ControlPlanes(v) {
				version, err := semver.NewVersion(plane.Version)
				if err == nil && (version.Major() != newest.Major() || version.Minor()+supportedSkew < newest.Minor()) {
					report(validation.Fault{Subject: plane.Object, Context: values("version", plane.Version, "newest", newest.String())})
				}
			}
		},
	}
}

func newestVersion(v validation.View) *semver.Version {
	var newest *semver.Version
	for _, cluster := range v.Clusters() {
		for _, plane := range facts.ControlPlanes(v.At(cluster)) {
			if version, err := semver.NewVersion(plane.Version); err == nil && (newest == nil || version.GreaterThan(newest)) {
				newest = version
			}
		}
	}
	return newest
}

func networkWithoutGateway() validation.Check {
	return validation.Check{
		ID:       "controlplane/network/no-gateway",
		Severity: validation.Error,
		Message:  "workloads of this network cannot be reached from the other networks of the mesh",
		Cause:    "Networks reach each other through a gateway only: a Service with the label topology.istio.io/network and an address. This one has none, so that its workloads are left out elsewhere.",
		Mend:     "Enable mesh expansion of the control plane, and wait until its gateway has an address.",
		Subjects: of(validation.Cluster),
		Reads:    kinds(of(validation.Deployment, validation.ConfigMap, validation.IstioControlPlane, validation.Service, validation.Namespace)),
		Across:   true,
		Run: func(v validation.View, _ *validation.Object, report validation.Report) {
			planes := facts.ControlPlanes(v)
			network := networkOf(v)
			if len(planes) == 0 || network == "" || !otherNetwork(v, network) || networkGateway(v, network) {
				return
			}
			report(validation.Fault{Subject: planes[0].Object, Context: values("network", network)})
		},
	}
}

// networkLabel names the network of a namespace, of a pod, or of a gateway's Service.
const networkLabel = "topology.istio.io/network"

// networkOf is the network of a cluster's pods.
func networkOf(v validation.View) string {
	planes := facts.ControlPlanes(v)
	if len(planes) == 0 {
		return ""
	}
	if o := v.Get(validation.Namespace, "", planes[0].Namespace); o != nil && o.Labels[networkLabel] != "" {
		return o.Labels[networkLabel]
	}
	return planes[0].Network
}

func otherNetwork(v validation.View, network string) bool {
	for _, cluster := range v.Clusters() {
		if other := networkOf(v.At(cluster)); other != "" && other != network {
			return true
		}
	}
	return false
}

// networkGateway tells whether a network has a gateway with an address, by a Service or by the setting of networks.
func networkGateway(v validation.View, network string) bool {
	for _, cluster := range v.Clusters() {
		at := v.At(cluster)
		if settings := facts.MeshNetworks(at).GetNetworks()[network]; len(settings.GetGateways()) > 0 {
			return true
		}
		for _, o := range at.Objects(validation.Service) {
			if o.Labels[networkLabel] == network && reachable(o) {
				return true
			}
		}
	}
	return false
}

func reachable(o *validation.Object) bool {
	status, ok := o.Status.(*corev1.ServiceStatus)
	return len(serviceOf(o).ExternalIPs) > 0 || ok && len(status.LoadBalancer.Ingress) > 0 ||
		serviceOf(o).Type == corev1.ServiceTypeNodePort && o.Annotations["traffic.istio.io/nodeSelector"] != ""
}

func fingerprint(data []byte) string {
	if len(data) == 0 {
		return ""
	}
	return fmt.Sprintf("%.16s", sum(strings.TrimSpace(string(data))))
}
