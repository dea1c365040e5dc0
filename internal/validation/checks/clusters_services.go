package checks

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/internal/validation"
)

// clusterChecks compare the clusters of a mesh with each other.
func clusterChecks() []validation.Check {
	return []validation.Check{
		servicePortsDiffer(), serviceSelectorsDiffer(), serviceMissing(), namespaceMissing(),
		trustDomainsDiffer(), rootCertificatesDiffer(), meshIDsDiffer(), versionsApart(),
		networkWithoutGateway(), remoteSecretUnreadable(), remoteSecretExpired(),
	}
}

// reference is the object of the same name in the first cluster, by name, that has one: a fault between clusters is told
// once for each cluster that differs from that.
func reference(v validation.View, o *validation.Object) *validation.Object {
	for _, cluster := range v.Clusters() {
		if other := v.At(cluster).Get(o.Kind, o.Namespace, o.Name); other != nil {
			return other
		}
	}
	return o
}

// shared tells whether an object is one that clusters of a mesh have in common, as no system namespace has.
func shared(v validation.View, namespace string) bool {
	return len(v.Clusters()) > 1 && !strings.HasPrefix(namespace, "kube-") && inMesh(v, namespace)
}

func servicePortsDiffer() validation.Check {
	return serviceDifference(validation.Check{
		ID: "service/clusters/ports-differ", Severity: validation.Error,
		Message: "the service has other ports than in another cluster",
		Cause:   "Proxies take the services of one name and namespace in all clusters for one. Which ports and protocols count depends on the cluster that is read first.",
		Mend:    "Give the service the same ports, names and protocols in all clusters.",
	}, "ports", ports)
}

func ports(spec *corev1.ServiceSpec) string {
	var list []string
	for _, port := range spec.Ports {
		protocol := ""
		if port.AppProtocol != nil {
			protocol = *port.AppProtocol
		}
		list = append(list, strings.TrimRight(fmt.Sprintf("%d/%s %s %s", port.Port, port.Protocol, port.Name, protocol), " "))
	}
	slices.Sort(list)
	return strings.Join(list, ", ")
}

func serviceSelectorsDiffer() validation.Check {
	return serviceDifference(validation.Check{
		ID: "service/clusters/selectors-differ", Severity: validation.Warning,
		Message: "the service selects other workloads than in another cluster",
		Cause:   "Requests are divided between the workloads of all clusters. Here they are different ones under the same name.",
		Mend:    "Give the service the same selector in all clusters, or different names to different services.",
	}, "selector", func(spec *corev1.ServiceSpec) string {
		var list []string
		for _, key := range slices.Sorted(maps.Keys(spec.Selector)) {
			list = append(list, key+"="+spec.Selector[key])
		}
		return strings.Join(list, ", ")
	})
}

// serviceDifference reports a Service whose value differs from that of the first cluster that has the Service.
func serviceDifference(check validation.Check, field string, value func(*corev1.ServiceSpec) string) validation.Check {
	check.Subjects, check.Reads, check.Across = of(validation.Service), of(validation.Service, validation.Namespace), true
	check.Run = func(v validation.View, o *validation.Object, report validation.Report) {
		if !shared(v, o.Namespace) {
			return
		}
		other := reference(v, o)
		here, there := value(serviceOf(o)), value(serviceOf(other))
		if here != there && (field != "selector" || here != "" && there != "") {
			report(validation.At(field, values("here", here, "in "+other.Cluster, there)))
		}
	}
	return check
}

func serviceMissing() validation.Check {
	return validation.Check{
		ID:       "service/clusters/missing",
		Severity: validation.Info,
		Message:  "the service does not exist in another cluster that has its namespace",
		Cause:    "Workloads of a cluster without the service cannot resolve its name, unless their proxies answer DNS.",
		Mend:     "Create the service in that cluster too, even without workloads.",
		Subjects: of(validation.Service),
		Reads:    of(validation.Service, validation.Namespace),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !shared(v, o.Namespace) || reference(v, o) != o {
				return
			}
			for _, cluster := range v.Clusters() {
				at := v.At(cluster)
				if inMesh(at, o.Namespace) && at.Knows(validation.Service) && at.Get(validation.Service, o.Namespace, o.Name) == nil {
					report(validation.Fault{Path: "metadata.name", Context: values("cluster", cluster)})
				}
			}
		},
	}
}

func namespaceMissing() validation.Check {
	return validation.Check{
		ID:       "namespace/clusters/missing",
		Severity: validation.Info,
		Message:  "the namespace is in the mesh, and another cluster does not have it, or not in the mesh",
		Cause:    "Namespaces of one name are one in a mesh of several clusters. Services of this one are not reachable by their names in the other cluster.",
		Mend:     "Create the namespace with the same labels in that cluster.",
		Subjects: of(validation.Namespace),
		Reads:    of(validation.Namespace),
		Across:   true,
		Run: func(v validation.View, o *validation.Object, report validation.Report) {
			if !shared(v, o.Name) {
				return
			}
			for _, cluster := range v.Clusters() {
				at := v.At(cluster)
				if at.Knows(validation.Namespace) && !inMesh(at, o.Name) {
					report(validation.Fault{Path: "metadata.name", Context: values("cluster", cluster)})
				}
			}
		},
	}
}
