package platform

import (
	"path"
	"slices"

	corev1 "k8s.io/api/core/v1"

	smmv1alpha1 "github.com/meshmanager/smm/api/smm/v1alpha1"
)

// relocated is the repository of an image in the registry that takes the place of the usual one:
// <host>/<prefix>/<last part of the image's name>.
func relocated(to *smmv1alpha1.RepositoryOverride, repository string) string {
	if hub := hubOf(to); hub != "" {
		return hub + "/" + path.Base(repository)
	}
	return repository
}

// hubOf is the registry that takes the place of the usual ones and its path, "" for none.
func hubOf(to *smmv1alpha1.RepositoryOverride) string {
	if to == nil || to.Host == "" {
		return ""
	}
	return path.Join(to.Host, to.Prefix)
}

// pullSecretsOf are the names of the secrets that registryAccess copies to where pods run.
func pullSecretsOf(spec *smmv1alpha1.ControlPlaneSpec) []corev1.LocalObjectReference {
	if spec.RegistryAccess == nil || !isTrue(spec.RegistryAccess.Enabled) {
		return nil
	}
	var secrets []corev1.LocalObjectReference
	for _, secret := range spec.RegistryAccess.PullSecrets {
		if reference := (corev1.LocalObjectReference{Name: secret.Name}); secret.Name != "" && !slices.Contains(secrets, reference) {
			secrets = append(secrets, reference)
		}
	}
	return secrets
}
