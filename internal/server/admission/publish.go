package admission

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
)

// publish has the API server trust a certificate, beside those of the server's other pods.
func (s *Server) publish(ctx context.Context, own *x509.Certificate, now time.Time) error {
	err := retry.RetryOnConflict(retry.DefaultRetry, func() error {
		current, err := s.Configurations.Get(ctx, s.Configuration, metav1.GetOptions{})
		if err != nil {
			return err
		}
		var changed []map[string]any
		for _, webhook := range current.Webhooks {
			bundle := trusted(webhook.ClientConfig.CABundle, own, now)
			if !bytes.Equal(bundle, webhook.ClientConfig.CABundle) {
				changed = append(changed, map[string]any{"name": webhook.Name, "clientConfig": map[string]any{"caBundle": bundle}})
			}
		}
		if len(changed) == 0 {
			return nil
		}
		// With the version, so that what another pod writes meanwhile is not lost.
		patch, err := json.Marshal(map[string]any{
			"metadata": map[string]any{"resourceVersion": current.ResourceVersion}, "webhooks": changed,
		})
		if err != nil {
			return err
		}
		_, err = s.Configurations.Patch(ctx, s.Configuration, types.StrategicMergePatchType, patch, metav1.PatchOptions{FieldManager: "smm-server"})
		return err
	})
	if err != nil {
		return fmt.Errorf("have the API server trust the webhooks of ValidatingWebhookConfiguration %s: %w", s.Configuration, err)
	}
	return nil
}
