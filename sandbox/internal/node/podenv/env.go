// Package podenv makes a container's environment and command line from its pod's specification.
package podenv

import (
	"fmt"
	"maps"
	"path/filepath"
	"slices"

	securejoin "github.com/cyphar/filepath-securejoin"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/kubernetes/pkg/kubelet/util/env"
	"k8s.io/kubernetes/third_party/forked/golang/expansion"

	"github.com/meshmanager/smm/sandbox/internal/node/podfield"
)

// Objects reads the objects of the pod's namespace that an environment refers to.
type Objects interface {
	ConfigMap(name string) (*corev1.ConfigMap, error)
	Secret(name string) (*corev1.Secret, error)
}

// Sources is all that an environment is made from.
type Sources struct {
	podfield.View
	Objects Objects
	// Services are the variables that tell where services are.
	Services map[string]string
	// Volume is the directory that holds a volume's content; false when the pod has no such volume.
	Volume func(name string) (string, bool)
}

// Resolve makes the environment of a container. A variable may refer to those before it. An error
// tells what is missing, in the words that users know from a kubelet.
func Resolve(c *corev1.Container, from Sources) (map[string]string, error) {
	own := map[string]string{}
	for i := range c.EnvFrom {
		if err := addAll(own, &c.EnvFrom[i], from.Objects); err != nil {
			return nil, err
		}
	}
	mapping := expansion.MappingFuncFor(own, from.Services)
	for i := range c.Env {
		v := &c.Env[i]
		value, present := expansion.Expand(v.Value, mapping), true
		if v.Value == "" && v.ValueFrom != nil {
			var err error
			if value, present, err = resolve(c.Name, v.ValueFrom, from); err != nil {
				return nil, err
			}
		}
		if present {
			own[v.Name] = value
		}
	}
	all := maps.Clone(from.Services)
	if all == nil {
		all = map[string]string{}
	}
	maps.Copy(all, own)
	return all, nil
}

// List returns an environment as sorted KEY=value strings.
func List(environment map[string]string) []string {
	list := make([]string, 0, len(environment))
	for _, name := range slices.Sorted(maps.Keys(environment)) {
		list = append(list, name+"="+environment[name])
	}
	return list
}

func addAll(to map[string]string, source *corev1.EnvFromSource, objects Objects) error {
	switch {
	case source.ConfigMapRef != nil:
		object, err := objects.ConfigMap(source.ConfigMapRef.Name)
		if err != nil {
			return unlessOptional(err, source.ConfigMapRef.Optional)
		}
		for key, value := range object.Data {
			to[source.Prefix+key] = value
		}
	case source.SecretRef != nil:
		object, err := objects.Secret(source.SecretRef.Name)
		if err != nil {
			return unlessOptional(err, source.SecretRef.Optional)
		}
		for key, value := range object.Data {
			to[source.Prefix+key] = string(value)
		}
	}
	return nil
}

// resolve returns the value of one variable, and false when it is optional and missing.
func resolve(container string, source *corev1.EnvVarSource, from Sources) (string, bool, error) {
	switch {
	case source.FieldRef != nil:
		value, err := from.Field(source.FieldRef)
		return value, true, err
	case source.ResourceFieldRef != nil:
		value, err := from.Resource(container, source.ResourceFieldRef)
		return value, true, err
	case source.ConfigMapKeyRef != nil:
		ref := source.ConfigMapKeyRef
		object, err := from.Objects.ConfigMap(ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}
		value, present := object.Data[ref.Key]
		return value, present, missingKey(present, ref.Key, "ConfigMap", from.Pod.Namespace, ref.Name, ref.Optional)
	case source.SecretKeyRef != nil:
		ref := source.SecretKeyRef
		object, err := from.Objects.Secret(ref.Name)
		if err != nil {
			return "", false, unlessOptional(err, ref.Optional)
		}
		value, present := object.Data[ref.Key]
		return string(value), present, missingKey(present, ref.Key, "Secret", from.Pod.Namespace, ref.Name, ref.Optional)
	case source.FileKeyRef != nil:
		return fromFile(source.FileKeyRef, from)
	}
	return "", true, nil
}

func fromFile(ref *corev1.FileKeySelector, from Sources) (string, bool, error) {
	dir, found := from.Volume(ref.VolumeName)
	if !found {
		return "", false, fmt.Errorf("cannot find the volume %q referenced by FileKeyRef", ref.VolumeName)
	}
	path, err := securejoin.SecureJoin(dir, ref.Path)
	if err != nil {
		return "", false, fmt.Errorf("finding %s in volume %s: %w", ref.Path, ref.VolumeName, err)
	}
	value, err := env.ParseEnv(path, ref.Key)
	if err != nil {
		return "", false, fmt.Errorf("couldn't parse env file %s of volume %s", filepath.Base(path), ref.VolumeName)
	}
	if value == "" && !isTrue(ref.Optional) {
		return "", false, fmt.Errorf("environment variable key %q not found in file %q", ref.Key, ref.Path)
	}
	return value, value != "", nil
}

func unlessOptional(err error, optional *bool) error {
	if isTrue(optional) && apierrors.IsNotFound(err) {
		return nil
	}
	return err
}

func missingKey(present bool, key, kind, namespace, name string, optional *bool) error {
	if present || isTrue(optional) {
		return nil
	}
	return fmt.Errorf("couldn't find key %s in %s %s/%s", key, kind, namespace, name)
}

func isTrue(b *bool) bool { return b != nil && *b }
