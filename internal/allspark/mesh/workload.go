// Package mesh knows who this workload is, who its peers are and how far what they say can be trusted.
package mesh

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
)

// PeerHeader carries the sender's description of itself, on requests and on answers: what Istio's proxies
// exchange among themselves, a workload without a proxy must tell on its own.
const PeerHeader = "x-smm-peer"

// maxHeader bounds an accepted PeerHeader, in bytes. Names and labels of Kubernetes fit well.
const maxHeader = 4096

// Workload describes one end of a call. Empty fields are unknown.
type Workload struct {
	Name           string `json:"workload,omitempty"`
	Namespace      string `json:"namespace,omitempty"`
	ServiceAccount string `json:"serviceAccount,omitempty"`
	App            string `json:"app,omitempty"`
	Version        string `json:"version,omitempty"`
	Canonical      string `json:"canonicalService,omitempty"`
	Revision       string `json:"canonicalRevision,omitempty"`
	Cluster        string `json:"cluster,omitempty"`
	Service        string `json:"service,omitempty"` // the Kubernetes service in front of the workload
}

// Header is the workload as a value of PeerHeader.
func (w Workload) Header() string {
	text, err := json.Marshal(w)
	if err != nil {
		panic(err) // a struct of strings
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// ParseHeader reads a value of PeerHeader. What it returns is only a claim: see Peer.Workload.
func ParseHeader(value string) (Workload, error) {
	if len(value) > maxHeader {
		return Workload{}, fmt.Errorf("peer header of %d bytes is longer than %d", len(value), maxHeader)
	}
	text, err := base64.RawURLEncoding.DecodeString(value)
	if err != nil {
		return Workload{}, fmt.Errorf("peer header: %w", err)
	}
	var workload Workload
	if err := json.Unmarshal(text, &workload); err != nil {
		return Workload{}, fmt.Errorf("peer header: %w", err)
	}
	return workload, nil
}

// Or returns the workload with its empty fields taken from another description of it.
func (w Workload) Or(other Workload) Workload {
	return Workload{
		Name:           cmp.Or(w.Name, other.Name),
		Namespace:      cmp.Or(w.Namespace, other.Namespace),
		ServiceAccount: cmp.Or(w.ServiceAccount, other.ServiceAccount),
		App:            cmp.Or(w.App, other.App),
		Version:        cmp.Or(w.Version, other.Version),
		Canonical:      cmp.Or(w.Canonical, other.Canonical),
		Revision:       cmp.Or(w.Revision, other.Revision),
		Cluster:        cmp.Or(w.Cluster, other.Cluster),
		Service:        cmp.Or(w.Service, other.Service),
	}
}
