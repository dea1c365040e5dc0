package graph

import (
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"istio.io/istio/pkg/config/mesh"

	"github.com/meshmanager/smm/internal/istio"
	"github.com/meshmanager/smm/internal/server/graph/model"
)

// TrustBundles lists the roots of each control plane of which the user may read the settings.
func (q query) TrustBundles(ctx context.Context) ([]model.TrustBundle, error) {
	planes, err := q.ControlPlanes(ctx)
	if err != nil {
		return nil, err
	}
	who, err := someone(ctx)
	if err != nil {
		return nil, err
	}
	bundles := []model.TrustBundle{}
	for i := range planes {
		client, err := q.cluster(planes[i].Cluster).Kubernetes(who)
		if err != nil {
			return nil, err
		}
		bundle, err := trustBundle(ctx, client, &planes[i])
		if apierrors.IsNotFound(err) || apierrors.IsForbidden(err) { // it was not made yet, or may not be seen
			continue
		}
		if err != nil {
			return nil, err
		}
		bundles = append(bundles, *bundle)
	}
	return bundles, nil
}

func trustBundle(ctx context.Context, client kubernetes.Interface, plane *model.ControlPlane) (*model.TrustBundle, error) {
	configMaps := client.CoreV1().ConfigMaps(plane.Namespace)
	settings, err := configMaps.Get(ctx, "istio-"+plane.Name, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	meshConfig, err := mesh.ApplyMeshConfigDefaults(settings.Data["mesh"])
	if err != nil {
		return nil, fmt.Errorf("read the mesh config of control plane %s: %w", plane.Name, err)
	}
	root, err := configMaps.Get(ctx, istio.RootCertConfigMap, metav1.GetOptions{})
	if err != nil {
		return nil, err
	}
	return &model.TrustBundle{
		ControlPlane: plane.ID, TrustDomain: meshConfig.GetTrustDomain(), Roots: rootsOf([]byte(root.Data["root-cert.pem"])),
	}, nil
}

// rootsOf reads certificates; what is none is left out.
func rootsOf(text []byte) []model.Root {
	roots := []model.Root{}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			return roots
		}
		certificate, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			continue
		}
		sum := sha256.Sum256(certificate.Raw)
		roots = append(roots, model.Root{
			Subject: certificate.Subject.String(), Fingerprint: hex.EncodeToString(sum[:]), NotAfter: stamp(certificate.NotAfter),
		})
	}
}
