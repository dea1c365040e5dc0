package main

import (
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// objectsPerNamespace is how many objects of each kind are in one namespace of a made mesh.
const objectsPerNamespace = 20

// meshOf makes a mesh with the given number of objects of every kind, in which each Service has workload, routes and
// policies, as in a mesh that people run: a check that finds nothing has to look at everything.
func meshOf(each int) []*unstructured.Unstructured {
	var objects []*unstructured.Unstructured
	for i := range each {
		namespace := fmt.Sprintf("team-%d", i/objectsPerNamespace)
		if i%objectsPerNamespace == 0 {
			objects = append(objects, object("v1", "Namespace", "", namespace, nil))
		}
		objects = append(objects, serviceWithConfiguration(namespace, fmt.Sprintf("app-%d", i))...)
	}
	return objects
}

func serviceWithConfiguration(namespace, name string) []*unstructured.Unstructured {
	host := name + "." + namespace + ".svc.cluster.local"
	selector := map[string]any{"app": name}
	const network, secure = "networking.istio.io/v1", "security.istio.io/v1"
	return []*unstructured.Unstructured{
		object("v1", "ServiceAccount", namespace, name, nil),
		object("v1", "Service", namespace, name, map[string]any{
			"selector": selector, "ports": []any{map[string]any{"name": "http", "port": int64(80), "targetPort": int64(8080)}},
		}),
		object("apps/v1", "Deployment", namespace, name, map[string]any{
			"replicas": int64(0), "selector": map[string]any{"matchLabels": selector},
			"template": map[string]any{
				"metadata": map[string]any{"labels": map[string]any{"app": name, "version": "v1"}},
				"spec": map[string]any{
					"serviceAccountName": name,
					"containers":         []any{map[string]any{"name": "app", "image": "app:1", "ports": []any{map[string]any{"containerPort": int64(8080)}}}},
				},
			},
		}),
		object(network, "VirtualService", namespace, name, map[string]any{
			"hosts": []any{host}, "gateways": []any{"mesh", namespace + "/" + name},
			"http": []any{map[string]any{"route": []any{map[string]any{"destination": map[string]any{"host": host, "subset": "v1"}}}}},
		}),
		object(network, "DestinationRule", namespace, name, map[string]any{
			"host": host, "subsets": []any{map[string]any{"name": "v1", "labels": map[string]any{"version": "v1"}}},
		}),
		object(network, "Gateway", namespace, name, map[string]any{
			"selector": map[string]any{"istio": "ingressgateway"},
			"servers": []any{map[string]any{
				"port":  map[string]any{"number": int64(80), "name": "http", "protocol": "HTTP"},
				"hosts": []any{namespace + "/" + host},
			}},
		}),
		object(network, "ServiceEntry", namespace, name, map[string]any{
			"hosts": []any{name + ".example.com"}, "location": "MESH_EXTERNAL", "resolution": "DNS",
			"ports": []any{map[string]any{"number": int64(443), "name": "tls", "protocol": "TLS"}},
		}),
		object(network, "Sidecar", namespace, name, map[string]any{
			"workloadSelector": map[string]any{"labels": selector},
			"egress":           []any{map[string]any{"hosts": []any{"./*", "istio-system/*"}}},
		}),
		object(secure, "PeerAuthentication", namespace, name, map[string]any{
			"selector": map[string]any{"matchLabels": selector}, "mtls": map[string]any{"mode": "STRICT"},
		}),
		object(secure, "AuthorizationPolicy", namespace, name, map[string]any{
			"selector": map[string]any{"matchLabels": selector},
			"rules":    []any{map[string]any{"from": []any{map[string]any{"source": map[string]any{"namespaces": []any{namespace}}}}}},
		}),
	}
}

func object(version, kind, namespace, name string, spec map[string]any) *unstructured.Unstructured {
	made := &unstructured.Unstructured{Object: map[string]any{
		"apiVersion": version, "kind": kind, "metadata": map[string]any{"name": name},
	}}
	if namespace != "" {
		made.SetNamespace(namespace)
	}
	if spec != nil {
		made.Object["spec"] = spec
	}
	return made
}
