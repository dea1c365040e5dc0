package registry

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
)

// validity is when a credential is valid. Zero times are no bounds.
type validity struct {
	from, until time.Time
}

// tokenValidity reads when a service account's token is valid. It does not verify the token. A token that is no JWT has
// no bounds.
func tokenValidity(token string) validity {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return validity{}
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		return validity{}
	}
	var claims struct {
		NotBefore int64 `json:"nbf"`
		IssuedAt  int64 `json:"iat"`
		Expires   int64 `json:"exp"`
	}
	if json.Unmarshal(payload, &claims) != nil {
		return validity{}
	}
	var v validity
	if from := max(claims.NotBefore, claims.IssuedAt); from > 0 {
		v.from = time.Unix(from, 0)
	}
	if claims.Expires > 0 {
		v.until = time.Unix(claims.Expires, 0)
	}
	return v
}

// renewAt is when a credential is replaced: after two thirds of its life, so that peers have the last third to notice.
// The zero time is never.
func (v validity) renewAt() time.Time {
	if v.until.IsZero() || v.from.IsZero() {
		return v.until
	}
	return v.from.Add(v.until.Sub(v.from) * 2 / 3)
}

// explain says why a credential is refused, if its bounds tell.
func (v validity) explain(now time.Time) string {
	switch {
	case !v.until.IsZero() && now.After(v.until):
		return fmt.Sprintf("it expired at %s", v.until.UTC().Format(time.RFC3339))
	case !v.from.IsZero() && now.Before(v.from):
		return fmt.Sprintf("it is not valid before %s by the cluster's clock", v.from.UTC().Format(time.RFC3339))
	}
	return "it may have been revoked"
}

// tokenOf is the bearer token of a kubeconfig's current user, "" for none.
func tokenOf(kubeconfig *clientcmdapi.Config) string {
	current := kubeconfig.Contexts[kubeconfig.CurrentContext]
	if current == nil || kubeconfig.AuthInfos[current.AuthInfo] == nil {
		return ""
	}
	return kubeconfig.AuthInfos[current.AuthInfo].Token
}

// newKubeconfig encodes a kubeconfig with a token.
func newKubeconfig(cluster, server string, authority []byte, user, token string) ([]byte, error) {
	config := clientcmdapi.NewConfig()
	config.Clusters[cluster] = &clientcmdapi.Cluster{Server: server, CertificateAuthorityData: authority}
	config.AuthInfos[user] = &clientcmdapi.AuthInfo{Token: token}
	config.Contexts[cluster] = &clientcmdapi.Context{Cluster: cluster, AuthInfo: user}
	config.CurrentContext = cluster
	encoded, err := clientcmd.Write(*config)
	if err != nil {
		return nil, fmt.Errorf("encode the kubeconfig of cluster %s: %w", cluster, err)
	}
	return encoded, nil
}
