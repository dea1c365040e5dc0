package controlplane

import (
	"cmp"
	"errors"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/overlay"
)

const (
	// defaultVaultEnvImage is the documented image of vault-env.
	defaultVaultEnvImage = "ghcr.io/banzaicloud/vault-env:1.13.1"

	// caCertsVolume is the chart's name of the volume that istiod reads its signing certificate from.
	caCertsVolume = "cacerts"
	caCertsDir    = "/etc/cacerts"

	// vaultTLSSecret holds the certificate of Vault's authority. Bank-Vaults puts it into the
	// namespaces that it is told to; a Vault with a public certificate needs none.
	vaultTLSSecret = "vault-tls"
	vaultTLSDir    = "/vault/tls"

	// istiodUser is the user that istiod's image runs as.
	istiodUser = 1337
)

// fetchSigningCertificate writes the files that istiod looks for. vault-env puts the secrets in
// the place of the paths in its environment. The root is the last certificate of the chain.
const fetchSigningCertificate = `if [ -f ` + vaultTLSDir + `/ca.crt ]; then export VAULT_CACERT=` + vaultTLSDir + `/ca.crt; fi
exec vault-env sh -ec '
cd ` + caCertsDir + `
printf "%s\n" "$CA_CERTIFICATE" > ca-cert.pem
printf "%s\n" "$CA_CERTIFICATE" > cert-chain.pem
printf "%s\n" "$CA_CERTIFICATE" | awk "/BEGIN CERTIFICATE/ {last = \"\"} {last = last \$0 \"\n\"} END {printf \"%s\", last}" > root-cert.pem
printf "%s\n" "$CA_PRIVATE_KEY" > ca-key.pem
'`

// setVault has istiod's pod fetch the signing certificate and its key from Vault before istiod
// starts. They are kept in memory and never reach the Kubernetes API.
func setVault(istiod *unstructured.Unstructured, config *v1alpha1.IstiodConfig) error {
	if config == nil || config.CA == nil || config.CA.Vault == nil || !isTrue(config.CA.Vault.Enabled) {
		return nil
	}
	vault := config.CA.Vault
	if vault.Address == "" || vault.CertPath == "" || vault.KeyPath == "" || vault.Role == "" {
		return errors.New("spec.istiod.ca.vault: address, certPath, keyPath and role are needed")
	}
	err := overlay.Workload(istiod, istiodContainer, &v1alpha1.WorkloadConfig{Volumes: []corev1.Volume{
		{Name: caCertsVolume, VolumeSource: corev1.VolumeSource{
			EmptyDir: &corev1.EmptyDirVolumeSource{Medium: corev1.StorageMediumMemory},
		}},
		{Name: vaultTLSSecret, VolumeSource: corev1.VolumeSource{
			Secret: &corev1.SecretVolumeSource{SecretName: vaultTLSSecret, Optional: new(true)},
		}},
	}})
	if err != nil {
		return err
	}
	container, err := runtime.DefaultUnstructuredConverter.ToUnstructured(vaultContainer(vault))
	if err != nil {
		return fmt.Errorf("encode container vault-env: %w", err)
	}
	return unstructured.SetNestedSlice(istiod.Object, []any{container}, "spec", "template", "spec", "initContainers")
}

func vaultContainer(vault *v1alpha1.VaultConfig) *corev1.Container {
	return &corev1.Container{
		Name:    "vault-env",
		Image:   cmp.Or(vault.VaultEnvImage, defaultVaultEnvImage),
		Command: []string{"sh", "-ec", fetchSigningCertificate},
		Env: []corev1.EnvVar{
			{Name: "VAULT_ADDR", Value: vault.Address},
			{Name: "VAULT_ROLE", Value: vault.Role},
			{Name: "CA_CERTIFICATE", Value: vault.CertPath},
			{Name: "CA_PRIVATE_KEY", Value: vault.KeyPath},
		},
		SecurityContext: &corev1.SecurityContext{
			AllowPrivilegeEscalation: new(false),
			ReadOnlyRootFilesystem:   new(true),
			RunAsNonRoot:             new(true),
			RunAsUser:                new(int64(istiodUser)),
			Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
		},
		VolumeMounts: []corev1.VolumeMount{
			{Name: caCertsVolume, MountPath: caCertsDir},
			{Name: vaultTLSSecret, MountPath: vaultTLSDir, ReadOnly: true},
		},
	}
}
