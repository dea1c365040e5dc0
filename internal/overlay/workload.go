package overlay

import (
	"errors"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"github.com/meshmanager/smm/api/servicemesh/v1alpha1"
	"github.com/meshmanager/smm/internal/kube"
)

// Workload lays a component's settings over its rendered Deployment or DaemonSet; those of a
// container go to the container of the given name. Maps are merged, and items are added to the
// lists of environment variables, volumes, mounts and tolerations; what is there under the same
// name is replaced. The number of pods and the disruption budget are left to the caller, because
// they are not the workload's alone.
func Workload(object *unstructured.Unstructured, container string, config *v1alpha1.WorkloadConfig) error {
	if config == nil {
		return nil
	}
	err := errors.Join(
		labelled(fields(object.Object), config.Metadata),
		setStrategy(object, config),
	)
	template, found := fields(object.Object).at("spec", "template")
	if !found {
		return fmt.Errorf("%s has no pod template", kube.RefOf(object))
	}
	pod, found := template.at("spec")
	if !found {
		return fmt.Errorf("%s has no pod template", kube.RefOf(object))
	}
	main, found := pod.item("containers", "name", container)
	if !found {
		return fmt.Errorf("%s has no container %s", kube.RefOf(object), container)
	}
	return errors.Join(err,
		labelled(template, config.PodMetadata),
		setPod(pod, config),
		setContainer(main, config),
	)
}

// labelled adds labels and annotations to the metadata of a node.
func labelled(node fields, metadata *v1alpha1.ObjectMetadata) error {
	if metadata == nil {
		return nil
	}
	return node.merge("metadata", map[string]any{"labels": metadata.Labels, "annotations": metadata.Annotations})
}

// setStrategy sets how pods are replaced: the field has another name in a DaemonSet.
func setStrategy(object *unstructured.Unstructured, config *v1alpha1.WorkloadConfig) error {
	if config.DeploymentStrategy == nil {
		return nil
	}
	name := "strategy"
	if object.GetKind() == "DaemonSet" {
		name = "updateStrategy"
	}
	spec, found := fields(object.Object).at("spec")
	if !found {
		return fmt.Errorf("%s has no specification", kube.RefOf(object))
	}
	return spec.set(name, config.DeploymentStrategy)
}

func setPod(pod fields, config *v1alpha1.WorkloadConfig) error {
	return errors.Join(
		pod.merge("nodeSelector", config.NodeSelector),
		pod.merge("securityContext", config.PodSecurityContext),
		pod.set("affinity", config.Affinity),
		pod.set("topologySpreadConstraints", config.TopologySpreadConstraints),
		pod.set("imagePullSecrets", config.ImagePullSecrets),
		pod.set("priorityClassName", config.PriorityClassName),
		pod.add("tolerations", "", config.Tolerations),
		pod.add("volumes", "name", config.Volumes),
	)
}

func setContainer(container fields, config *v1alpha1.WorkloadConfig) error {
	return errors.Join(
		container.set("image", config.Image),
		container.set("imagePullPolicy", config.ImagePullPolicy),
		container.set("resources", config.Resources),
		container.set("livenessProbe", config.LivenessProbe),
		container.set("readinessProbe", config.ReadinessProbe),
		container.merge("securityContext", config.SecurityContext),
		container.add("env", "name", config.Env),
		container.add("volumeMounts", "mountPath", config.VolumeMounts),
	)
}
