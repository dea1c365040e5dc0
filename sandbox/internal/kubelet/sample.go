package kubelet

import (
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/meshmanager/smm/sandbox/internal/container"
)

// usage is processor time since the start and memory held now.
type usage struct {
	cpu    time.Duration
	memory uint64 // bytes
}

// podSample is what a pod and its running containers use.
type podSample struct {
	pod        *corev1.Pod
	total      usage
	containers []containerSample
}

type containerSample struct {
	container *container.Container
	usage
}

// image is the reference that the pod gives for the container.
func (p podSample) image(c containerSample) string {
	name := c.container.Spec().Name
	for _, containers := range [][]corev1.Container{p.pod.Spec.Containers, p.pod.Spec.InitContainers} {
		for _, c := range containers {
			if c.Name == name {
				return c.Image
			}
		}
	}
	return ""
}

// sample measures all running pods. What cannot be measured is logged and left out.
func (s *server) sample() []podSample {
	var samples []podSample
	for _, pod := range s.Pods.Pods() {
		running, ok := s.Runtime.Pod(string(pod.UID))
		if !ok {
			continue
		}
		cpu, memory, err := running.Usage()
		if err != nil {
			s.Log.Warn("pod not measured", "pod", pod.Namespace+"/"+pod.Name, "error", err)
			continue
		}
		sample := podSample{pod: pod, total: usage{time.Duration(cpu), memory}}
		for _, c := range running.Containers() {
			cpu, memory, err := c.Usage()
			if err == nil && c.Status().Running {
				sample.containers = append(sample.containers, containerSample{c, usage{time.Duration(cpu), memory}})
			}
		}
		samples = append(samples, sample)
	}
	return samples
}
