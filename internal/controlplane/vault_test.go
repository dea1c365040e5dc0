package controlplane_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/controlplane"
	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/kube/kubetest"
)

// vaultEnv stands in for vault-env: it puts secrets in the place of their paths.
const vaultEnv = `#!/bin/sh
test "$VAULT_CACERT" = "$WANT_VAULT_CACERT" || { echo "VAULT_CACERT is '$VAULT_CACERT'" >&2; exit 1; }
CA_CERTIFICATE=$(cat "$SECRETS/certificate") CA_PRIVATE_KEY=$(cat "$SECRETS/key") exec "$@"
`

// What the init container leaves is what istiod looks for: the certificate as it is in Vault, and
// the end of its chain as the root. istiod signs with it.
func TestVaultContainerWritesIstiodsFiles(t *testing.T) {
	script := vaultScript(t)
	for name, test := range map[string]struct {
		depth int
		tls   bool
	}{
		"a root, and a Vault with a public certificate":       {depth: 1},
		"an intermediate, and a Vault with its own authority": {depth: 3, tls: true},
	} {
		t.Run(name, func(t *testing.T) {
			chain, key := authority(t, test.depth)
			dir := t.TempDir()
			for _, sub := range []string{"bin", "secrets", "tls", "cacerts"} {
				mkdir(t, filepath.Join(dir, sub))
			}
			write(t, filepath.Join(dir, "bin", "vault-env"), vaultEnv, 0o755)
			write(t, filepath.Join(dir, "secrets", "certificate"), strings.Join(chain, ""), 0o600)
			write(t, filepath.Join(dir, "secrets", "key"), key, 0o600)
			bundle := ""
			if test.tls {
				bundle = filepath.Join(dir, "tls", "ca.crt")
				write(t, bundle, "authority", 0o600)
			}
			local := strings.NewReplacer("/vault/tls", filepath.Join(dir, "tls"), "/etc/cacerts", filepath.Join(dir, "cacerts")).Replace(script)
			command := exec.CommandContext(t.Context(), "sh", "-ec", local)
			command.Env = []string{
				"PATH=" + filepath.Join(dir, "bin") + ":" + os.Getenv("PATH"),
				"SECRETS=" + filepath.Join(dir, "secrets"), "WANT_VAULT_CACERT=" + bundle,
				"CA_CERTIFICATE=vault:certificate", "CA_PRIVATE_KEY=vault:key",
			}
			if output, err := command.CombinedOutput(); err != nil {
				t.Fatalf("%v: %s", err, output)
			}
			whole, root := strings.Join(chain, ""), chain[len(chain)-1]
			want := map[string]string{"ca-cert.pem": whole, "cert-chain.pem": whole, "ca-key.pem": key, "root-cert.pem": root}
			if diff := cmp.Diff(want, files(t, filepath.Join(dir, "cacerts"))); diff != "" {
				t.Error(diff)
			}
			if got := rootOfIstiod(t, filepath.Join(dir, "cacerts")); strings.TrimSpace(got) != strings.TrimSpace(root) {
				t.Errorf("istiod publishes the root\n%s\nwant\n%s", got, root)
			}
		})
	}
}

// rootOfIstiod runs the real istiod with the files and returns the root that it publishes.
func rootOfIstiod(t *testing.T, dir string) string {
	t.Helper()
	cluster := kubetest.Start(t)
	c, namespace := newClient(t, cluster.Config), cluster.Namespace(t)
	startIstiod(t, cluster, namespace, "vault", "ROOT_CA_DIR="+dir)
	var published corev1.ConfigMap
	eventually(t, func(ctx context.Context) string {
		if err := c.Get(ctx, client.ObjectKey{Namespace: namespace, Name: istio.RootCertConfigMap}, &published); err != nil {
			return err.Error()
		}
		return ""
	})
	return published.Data["root-cert.pem"]
}

// vaultScript is the command of the init container that the documented setting renders to.
func vaultScript(t *testing.T) string {
	t.Helper()
	icp := decode(t, documented+"/manifests/2.3.7-istiocontrolplane-2.yaml", documented+"/patches/istiocontrolplane/2.11.7-vault.yaml")
	objects, err := controlplane.Objects(icp, find(t, ""), "", false)
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range objects {
		if o.GetKind() == "Deployment" {
			containers, _, _ := unstructured.NestedSlice(o.Object, "spec", "template", "spec", "initContainers")
			command, _, _ := unstructured.NestedStringSlice(containers[0].(map[string]any), "command")
			return command[len(command)-1]
		}
	}
	t.Fatal("no Deployment was rendered")
	return ""
}

// authority makes a chain of certificates of which each is signed by the next and the last by
// itself, and the key of the first.
func authority(t *testing.T, depth int) (chain []string, key string) {
	t.Helper()
	var issuer *x509.Certificate
	var issuerKey, own *ecdsa.PrivateKey
	for i := range depth {
		var err error
		if own, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{
			SerialNumber: big.NewInt(int64(i + 1)), Subject: pkix.Name{CommonName: fmt.Sprint("authority ", i)},
			NotBefore: time.Now().Add(-time.Minute), NotAfter: time.Now().Add(time.Hour),
			IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		}
		if issuer == nil {
			issuer, issuerKey = template, own
		}
		der, err := x509.CreateCertificate(rand.Reader, template, issuer, &own.PublicKey, issuerKey)
		if err != nil {
			t.Fatal(err)
		}
		chain = append([]string{string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}))}, chain...)
		if issuer, err = x509.ParseCertificate(der); err != nil {
			t.Fatal(err)
		}
		issuerKey = own
	}
	der, err := x509.MarshalECPrivateKey(own)
	if err != nil {
		t.Fatal(err)
	}
	return chain, string(pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: der}))
}

func mkdir(t *testing.T, path string) {
	t.Helper()
	if err := os.Mkdir(path, 0o755); err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string, mode os.FileMode) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		t.Fatal(err)
	}
}

func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	for _, entry := range entries {
		text, err := os.ReadFile(filepath.Join(dir, entry.Name()))
		if err != nil {
			t.Fatal(err)
		}
		found[entry.Name()] = string(text)
	}
	return found
}

// Without the API server's validation, as when objects are only printed, half a setting is an error too.
func TestVaultNeedsItsSettings(t *testing.T) {
	var icp v1alpha1.IstioControlPlane
	decodeYAML(t, "{metadata: {name: cp, namespace: mesh}, spec: {istiod: {ca: {vault: {enabled: true, address: a}}}}}", &icp)
	_, err := controlplane.Objects(&icp, find(t, ""), "", false)
	if err == nil || err.Error() != "spec.istiod.ca.vault: address, certPath, keyPath and role are needed" {
		t.Errorf("got %v", err)
	}
}
