package conformance

// documented is a manifest of the documents with what becomes of it. Manifests are applied one after the other, as a
// user follows the documents: those of the same name replace each other.
type documented struct {
	file    string
	state   string // of the status in the end
	effects []effect
}

// effect is something that the manifest asks for and that the cluster has in the end.
type effect struct {
	object string // kind and name, with its namespace
	path   string // JSONPath
	want   string
}

// absent is the value of a path of an object that is not there.
const absent = "<no object>"

// documentedManifests lists every manifest of the groups smm.cisco.com and servicemesh.cisco.com.
func documentedManifests() []documented {
	var all []documented
	all = append(all, istioControlPlanes()...)
	all = append(all, controlPlanes()...)
	all = append(all, demoApplications()...)
	return append(all, istioMeshGateways()...)
}

func istioControlPlanes() []documented {
	const istiod, expansion = "Deployment istio-system/istiod-cp-v115x", "Service istio-system/istio-meshexpansion-cp-v115x"
	const upstream = "registry.istio.io/release/pilot:1.31.1"
	image := func(of, want string) effect { return effect{of, "{.spec.template.spec.containers[0].image}", want} }
	network := effect{istiod, `{.spec.template.spec.containers[0].env[?(@.name=="CLUSTER_ID")].name}`, "CLUSTER_ID"}
	return []documented{
		{"2.3.3-istiocontrolplane-1.yaml", "Available", []effect{
			image("Deployment istio-system/istiod-mesh", upstream),
			{"IstioMeshGateway istio-system/istio-meshexpansion-mesh", "", absent},
		}},
		{"2.3.7-istiocontrolplane-1.yaml", "Available", []effect{
			image(istiod, "registry.eticloud.io/smm/istio-pilot:v1.15.3-bzc.0"),
			{istiod, `{.spec.template.spec.containers[0].env[?(@.name=="ISTIO_MULTIROOT_MESH")].value}`, "true"},
			{istiod, "{.spec.template.spec.containers[0].imagePullPolicy}", "Always"},
			{"ServiceAccount istio-system/istiod-cp-v115x", "{.imagePullSecrets[*].name}", "smm-pull-secret"},
			{istiod, "{.spec.template.spec.containers[0].args[-1:]}", "--tls-cipher-suites=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384," +
				"TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256,TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256,TLS_AES_256_GCM_SHA384,TLS_AES_128_GCM_SHA256"},
			{expansion, `{.spec.ports[?(@.name=="tcp-smm-als-tls")].port}`, "50600"},
			{expansion, `{.spec.ports[?(@.name=="tcp-smm-zipkin-tls")].port}`, "59411"},
			{"Deployment istio-system/istio-meshexpansion-cp-v115x", "{.spec.template.metadata.labels.istio}", "meshexpansiongateway"},
		}},
		{"2.3.7-istiocontrolplane-2.yaml", "Available", []effect{
			image(istiod, upstream), network,
			{"IstioMeshGateway istio-system/istio-meshexpansion-cp-v115x", "", absent},
		}},
		{"2.3.7-istiocontrolplane-3.yaml", "Unmanaged", nil}, // passive, and no peer is attached
		{"2.3.7-istiocontrolplane-4.yaml", "Available", []effect{image(istiod, upstream), network}},
	}
}

func controlPlanes() []documented {
	mesh := effect{"ControlPlane smm", "{.status.components.meshManager.status}", "Available"}
	cluster := func(name string) effect { return effect{"ControlPlane smm", "{.status.clusterID}", name} }
	own := effect{"Deployment istio-system/istiod-cp-v131x", "{.status.availableReplicas}", "1"}
	return []documented{
		{"2.3.5.1-controlplane-1.yaml", "Succeeded", []effect{mesh, cluster("my-cluster")}},
		{"2.3.6-controlplane-1.yaml", "Succeeded", []effect{
			mesh, cluster("workload-cluster-1"),
			{"ControlPlane smm", "{.status.components.exposeDashboard.status}", "Available"},
			{"Service smm-system/smm-ingressgateway-external", "{.spec.type} {.spec.ports[*].port}", "LoadBalancer 80"},
			{"VirtualService smm-system/smm-ingressgateway-external", "{.spec.http[0].route[0].destination.host}", "smm-application"},
		}},
		{"2.3.7-controlplane-1.yaml", "Succeeded", []effect{mesh, cluster("CLUSTER-NAME")}},
		{"2.3.7-controlplane-2.yaml", "Succeeded", []effect{mesh, own}},
		{"2.3.7-controlplane-3.yaml", "Succeeded", []effect{cluster("workload-cluster-2")}},
		{"2.3.7-controlplane-4.yaml", "Succeeded", []effect{mesh, own}},
	}
}

func demoApplications() []documented {
	const application = "DemoApplication smm-demo/smm-demo"
	revision := effect{"Namespace smm-demo", `{.metadata.labels.istio\.io/rev}`, "cp-v115x.istio-system"}
	autoscaler := func(of string) effect {
		return effect{"HorizontalPodAutoscaler smm-demo/" + of, "{.spec.minReplicas}", "1"}
	}
	available := func(deployment, want string) effect {
		return effect{"Deployment smm-demo/" + deployment, "{.status.availableReplicas}", want}
	}
	objectives := func(want string) effect {
		return effect{application, `{.status.conditions[?(@.type=="SLOResources")].reason}`, want}
	}
	return []documented{
		{"2.3.7-demoapplication-1.yaml", "Succeeded", []effect{
			revision, available("movies-v3", "1"), autoscaler("movies-v3"), objectives(""),
			{"ConfigMap smm-demo/bombardier", "{.data.maxRPS}", "30"},
		}},
		{"2.3.6-demoapplication-1.yaml", "Succeeded", []effect{
			available("frontpage-v1", "1"), available("mysql", "1"), autoscaler("frontpage-v1"), objectives("Unmanaged"),
			{"HorizontalPodAutoscaler smm-demo/mysql", "", absent},
			{"ConfigMap smm-demo/bombardier", "{.data.minRPS} {.data.maxRPS} {.data.swingPeriod}", "10 30 23m0s"},
			{"Deployment smm-demo/catalog-v1", "{.spec.template.spec.containers[0].resources.limits.memory}", "192Mi"},
			{"VirtualService smm-demo/movies", "{.spec.hosts[0]}", "movies.smm-demo.svc.cluster.local"},
		}},
		{"2.3.7-demoapplication-2.yaml", "Succeeded", []effect{
			available("bookings-v1", "1"), available("postgresql", "1"), available("movies-v1", absent), objectives("Unmanaged"),
			{"Service smm-demo/movies", "{.spec.ports[*].port}", "8080 8082 8083"},
			{"VirtualService smm-demo/movies", "{.spec.hosts[0]}", "movies.smm-demo.svc.cluster.local"},
		}},
		{"2.3.7-demoapplication-3.yaml", "Succeeded", []effect{
			available("movies-v2", "1"), available("mysql", "1"), available("bookings-v1", absent), available("bombardier", absent), objectives(""),
			{"VirtualService smm-demo/movies", "", absent},
		}},
	}
}

func istioMeshGateways() []documented {
	labels := func(of, label, want string) effect {
		return effect{"Deployment " + of, "{.spec.template.metadata.labels." + label + "}", want}
	}
	ports := func(of, want string) effect {
		return effect{"Service " + of, "{range .spec.ports[*]}{.name}:{.port}>{.targetPort} {end}", want}
	}
	host := func(of, want string) effect {
		return effect{"Service " + of, `{.metadata.annotations.external-dns\.alpha\.kubernetes\.io/hostname}`, want}
	}
	root := func(of string) effect {
		return effect{"Deployment " + of, "{.spec.template.spec.containers[0].securityContext.runAsUser}", "0"}
	}
	return []documented{
		{"2.5.10.2.1-istiomeshgateway-1.yaml", "Available", []effect{
			ports("dex/dex-ingress", "http2:80>8080 https:443>8443 "), host("dex/dex-ingress", "dex.example.org."),
			labels("dex/dex-ingress", "gateway-name", "dex-ingress"), labels("dex/dex-ingress", "gateway-type", "ingress"),
		}},
		{"2.7.3-istiomeshgateway-1.yaml", "Available", []effect{
			ports("istio-system/demo-gw", "http2:80>8080 https:443>8443 "), root("istio-system/demo-gw"), labels("istio-system/demo-gw", "app", "demo-gw"),
		}},
		{"2.8.2-istiomeshgateway-1.yaml", "Available", []effect{
			ports("test/test-imgw", "http:80>8080 "), labels("test/test-imgw", "istio", "ingressgateway"), labels("test/test-imgw", "app", "test-imgw-app"),
		}},
		{"2.8.5-istiomeshgateway-1.yaml", "Available", []effect{
			ports("my-app/app-ingress", "http2:80>8080 "), host("my-app/app-ingress", "my-app.example.org"), root("my-app/app-ingress"),
		}},
		{"2.8.5-istiomeshgateway-2.yaml", "Available", []effect{
			ports("my-app/app-ingress", "http2:80>8080 https:443>8443 "), labels("my-app/app-ingress", "gateway-name", "app-ingress"),
		}},
	}
}
