// Package podvolume gives the volumes of a pod their content and keeps it up to date.
package podvolume

import (
	"errors"
	"fmt"
	"maps"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	volumeutil "k8s.io/kubernetes/pkg/volume/util"

	"github.com/meshmanager/smm/sandbox/internal/node/podfield"
)

// Files are the content of a volume, by path.
type Files = map[string]volumeutil.FileProjection

// Objects reads the objects of the pod's namespace that volumes are made from.
type Objects interface {
	ConfigMap(name string) (*corev1.ConfigMap, error)
	Secret(name string) (*corev1.Secret, error)
}

// Sources is all that the content of volumes comes from.
type Sources struct {
	podfield.View
	Objects Objects
	// Token returns a token of the pod's service account.
	Token func(*corev1.ServiceAccountTokenProjection) (string, error)
}

// IsGenerated says that a volume holds files that are made from other objects.
func IsGenerated(v *corev1.Volume) bool {
	return v.ConfigMap != nil || v.Secret != nil || v.DownwardAPI != nil || v.Projected != nil
}

// Payload returns the files of a volume for which IsGenerated holds.
func Payload(v *corev1.Volume, from Sources) (Files, error) {
	switch {
	case v.ConfigMap != nil:
		s := v.ConfigMap
		return from.configMap(s.Name, s.Items, mode(s.DefaultMode), s.Optional)
	case v.Secret != nil:
		s := v.Secret
		return from.secret(s.SecretName, s.Items, mode(s.DefaultMode), s.Optional)
	case v.DownwardAPI != nil:
		return from.downward(v.DownwardAPI.Items, mode(v.DownwardAPI.DefaultMode))
	}
	return from.projected(v.Projected)
}

func (from Sources) projected(p *corev1.ProjectedVolumeSource) (Files, error) {
	all := Files{}
	for i := range p.Sources {
		files, err := from.projection(&p.Sources[i], mode(p.DefaultMode))
		if err != nil {
			return nil, err
		}
		maps.Copy(all, files)
	}
	return all, nil
}

func (from Sources) projection(p *corev1.VolumeProjection, mode int32) (Files, error) {
	switch {
	case p.ConfigMap != nil:
		return from.configMap(p.ConfigMap.Name, p.ConfigMap.Items, mode, p.ConfigMap.Optional)
	case p.Secret != nil:
		return from.secret(p.Secret.Name, p.Secret.Items, mode, p.Secret.Optional)
	case p.DownwardAPI != nil:
		return from.downward(p.DownwardAPI.Items, mode)
	case p.ServiceAccountToken != nil:
		token, err := from.Token(p.ServiceAccountToken)
		if err != nil {
			return nil, err
		}
		return Files{p.ServiceAccountToken.Path: {Data: []byte(token), Mode: mode}}, nil
	}
	return nil, errors.New("the sandbox has no such projection (clusterTrustBundle, podCertificate)")
}

func (from Sources) configMap(name string, items []corev1.KeyToPath, mode int32, optional *bool) (Files, error) {
	object, err := from.Objects.ConfigMap(name)
	if err != nil {
		return nil, unlessOptional(err, optional)
	}
	data := maps.Clone(object.BinaryData)
	if data == nil {
		data = map[string][]byte{}
	}
	for key, value := range object.Data {
		data[key] = []byte(value)
	}
	return pick(data, items, mode, "configmap", name, optional)
}

func (from Sources) secret(name string, items []corev1.KeyToPath, mode int32, optional *bool) (Files, error) {
	object, err := from.Objects.Secret(name)
	if err != nil {
		return nil, unlessOptional(err, optional)
	}
	return pick(object.Data, items, mode, "secret", name, optional)
}

func (from Sources) downward(items []corev1.DownwardAPIVolumeFile, mode int32) (Files, error) {
	files := Files{}
	for i := range items {
		item := &items[i]
		var value string
		var err error
		if item.FieldRef != nil {
			value, err = from.Field(item.FieldRef)
		} else {
			value, err = from.Resource("", item.ResourceFieldRef)
		}
		if err != nil {
			return nil, err
		}
		files[item.Path] = file([]byte(value), item.Mode, mode)
	}
	return files, nil
}

// pick chooses the wanted keys of an object, all when none are named.
func pick(data map[string][]byte, items []corev1.KeyToPath, mode int32, kind, name string, optional *bool) (Files, error) {
	files := Files{}
	if items == nil {
		for key, value := range data {
			files[key] = file(value, nil, mode)
		}
		return files, nil
	}
	for _, item := range items {
		value, found := data[item.Key]
		switch {
		case found:
			files[item.Path] = file(value, item.Mode, mode)
		case !isTrue(optional):
			return nil, fmt.Errorf("%s %q references non-existent key: %s", kind, name, item.Key)
		}
	}
	return files, nil
}

func file(data []byte, own *int32, fallback int32) volumeutil.FileProjection {
	if own != nil {
		fallback = *own
	}
	return volumeutil.FileProjection{Data: data, Mode: fallback}
}

func mode(m *int32) int32 {
	if m == nil {
		return 0o644
	}
	return *m
}

func unlessOptional(err error, optional *bool) error {
	if isTrue(optional) && apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func isTrue(b *bool) bool { return b != nil && *b }
