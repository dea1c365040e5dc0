package mesh

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// Bootstrap is what Istio's agent tells a workload without a proxy about itself: the gRPC xDS bootstrap file.
type Bootstrap struct {
	Workload     Workload
	Certificates CertificateFiles
	Server       string // of xDS, a gRPC target

	text []byte
}

// CertificateFiles names the PEM files that Istio's agent keeps up to date.
type CertificateFiles struct {
	Certificate string `json:"certificate_file"`
	Key         string `json:"private_key_file"`
	Roots       string `json:"ca_certificate_file"`
}

// bootstrapFile is the part of the file that is of use here.
type bootstrapFile struct {
	Servers []struct {
		URI string `json:"server_uri"`
	} `json:"xds_servers"`
	Node struct {
		Metadata struct {
			Workload       string            `json:"WORKLOAD_NAME"`
			Namespace      string            `json:"NAMESPACE"`
			ServiceAccount string            `json:"SERVICE_ACCOUNT"`
			Cluster        string            `json:"CLUSTER_ID"`
			Labels         map[string]string `json:"LABELS"`
		} `json:"metadata"`
	} `json:"node"`
	CertificateProviders map[string]struct {
		Plugin string           `json:"plugin_name"`
		Config CertificateFiles `json:"config"`
	} `json:"certificate_providers"`
}

// ReadBootstrap reads the file that GRPC_XDS_BOOTSTRAP names.
func ReadBootstrap(path string) (Bootstrap, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Bootstrap{}, fmt.Errorf("xDS bootstrap: %w", err)
	}
	bootstrap, err := parseBootstrap(text)
	if err != nil {
		return Bootstrap{}, fmt.Errorf("xDS bootstrap %s: %w", path, err)
	}
	return bootstrap, nil
}

func parseBootstrap(text []byte) (Bootstrap, error) {
	var file bootstrapFile
	if err := json.Unmarshal(text, &file); err != nil {
		return Bootstrap{}, err
	}
	if len(file.Servers) == 0 || file.Servers[0].URI == "" {
		return Bootstrap{}, errors.New("it names no xDS server")
	}
	metadata := file.Node.Metadata
	bootstrap := Bootstrap{Workload: workloadOf(metadata.Labels), Server: file.Servers[0].URI, text: text}
	bootstrap.Workload.Name = metadata.Workload
	bootstrap.Workload.Namespace = metadata.Namespace
	bootstrap.Workload.ServiceAccount = metadata.ServiceAccount
	bootstrap.Workload.Cluster = metadata.Cluster
	for _, provider := range file.CertificateProviders {
		if provider.Plugin == "file_watcher" {
			bootstrap.Certificates = provider.Config
		}
	}
	return bootstrap, nil
}

// Through returns the bootstrap as gRPC reads it, with another xDS server that needs no credentials.
func (b Bootstrap) Through(server string) ([]byte, error) {
	var file map[string]any
	if err := json.Unmarshal(b.text, &file); err != nil {
		return nil, fmt.Errorf("xDS bootstrap: %w", err)
	}
	file["xds_servers"] = []any{map[string]any{
		"server_uri":      server,
		"channel_creds":   []any{map[string]any{"type": "insecure"}},
		"server_features": []any{"xds_v3"},
	}}
	return json.Marshal(file)
}

// workloadOf reads a pod's labels with the precedence that Istio gives them.
func workloadOf(labels map[string]string) Workload {
	return Workload{
		App:       cmp.Or(labels["app"], labels["app.kubernetes.io/name"]),
		Version:   cmp.Or(labels["version"], labels["app.kubernetes.io/version"]),
		Canonical: cmp.Or(labels["service.istio.io/canonical-name"], labels["app.kubernetes.io/name"], labels["app"]),
		Revision:  cmp.Or(labels["service.istio.io/canonical-revision"], labels["app.kubernetes.io/version"], labels["version"], "latest"),
	}
}
