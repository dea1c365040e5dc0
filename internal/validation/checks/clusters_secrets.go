package checks

import (
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/meshmanager/smm/internal/validation"
)

// sum is the SHA-256 of a text, in hexadecimal.
func sum(text string) string {
	digest := sha256.Sum256([]byte(text))
	return hex.EncodeToString(digest[:])
}

// remoteSecretCheck looks at every kubeconfig of the Secrets by which a control plane reads other clusters.
func remoteSecretCheck(check validation.Check, fault func(kubeconfig []byte) (context map[string]string)) validation.Check {
	check.Severity = validation.Error
	check.Subjects = of(validation.Secret)
	check.Run = func(_ validation.View, o *validation.Object, report validation.Report) {
		if o.Labels["istio/multiCluster"] != "true" {
			return
		}
		for cluster, kubeconfig := range validation.SpecOf[*corev1.Secret](o).Data {
			if context := fault(kubeconfig); context != nil {
				context["cluster"] = cluster
				report(validation.Fault{Path: "data." + cluster, Context: context})
			}
		}
	}
	return check
}

func remoteSecretUnreadable() validation.Check {
	return remoteSecretCheck(validation.Check{
		ID:      "secret/remote/unreadable",
		Message: "the remote secret holds no kubeconfig that can be used",
		Cause:   "The control plane cannot read the services and workloads of that cluster.",
		Mend:    "Attach the cluster again, which writes a new secret.",
	}, func(kubeconfig []byte) map[string]string {
		if _, err := credentials(kubeconfig); err != nil {
			return values("reason", err.Error())
		}
		return nil
	})
}

func remoteSecretExpired() validation.Check {
	return remoteSecretCheck(validation.Check{
		ID:      "secret/remote/expired",
		Message: "the credentials of the remote secret have expired",
		Cause:   "The control plane cannot read the services and workloads of that cluster any more, and drops its endpoints when it restarts.",
		Mend:    "Attach the cluster again, which writes a new secret.",
	}, func(kubeconfig []byte) map[string]string {
		user, err := credentials(kubeconfig)
		if err != nil {
			return nil
		}
		if expiry := user.expiry(); !expiry.IsZero() && expiry.Before(time.Now()) {
			return values("expired", expiry.UTC().Format(time.RFC3339))
		}
		return nil
	})
}

// remoteUser is what a kubeconfig proves identity with.
type remoteUser struct {
	Token                 string `json:"token"`
	ClientCertificateData string `json:"client-certificate-data"`
}

// credentials reads the parts of a kubeconfig that istiod needs: a server, and a user with credentials.
func credentials(kubeconfig []byte) (remoteUser, error) {
	var config struct {
		Clusters []struct {
			Cluster struct {
				Server string `json:"server"`
			} `json:"cluster"`
		} `json:"clusters"`
		Users []struct {
			User json.RawMessage `json:"user"`
		} `json:"users"`
	}
	if yaml.Unmarshal(kubeconfig, &config) != nil {
		return remoteUser{}, errors.New("it is not YAML")
	}
	if len(config.Clusters) == 0 || config.Clusters[0].Cluster.Server == "" {
		return remoteUser{}, errors.New("it names no API server")
	}
	var user remoteUser
	if len(config.Users) == 0 || len(config.Users[0].User) == 0 || json.Unmarshal(config.Users[0].User, &user) != nil {
		return remoteUser{}, errors.New("it has no user")
	}
	if string(config.Users[0].User) == "{}" {
		return remoteUser{}, errors.New("its user has no credentials")
	}
	return user, nil
}

// expiry is when the token or the certificate ends; zero when neither says so.
func (u remoteUser) expiry() time.Time {
	if parts := strings.Split(u.Token, "."); len(parts) == 3 {
		var claims struct {
			Expiry int64 `json:"exp"`
		}
		payload, err := base64.RawURLEncoding.DecodeString(parts[1])
		if err == nil && json.Unmarshal(payload, &claims) == nil && claims.Expiry > 0 {
			return time.Unix(claims.Expiry, 0)
		}
	}
	data, err := base64.StdEncoding.DecodeString(u.ClientCertificateData)
	if err != nil {
		return time.Time{}
	}
	if block, _ := pem.Decode(data); block != nil {
		if certificate, err := x509.ParseCertificate(block.Bytes); err == nil {
			return certificate.NotAfter
		}
	}
	return time.Time{}
}
