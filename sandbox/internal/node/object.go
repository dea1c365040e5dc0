package node

import (
	"crypto/sha256"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"time"

	"golang.org/x/sys/unix"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/component-base/version"
)

// ProxylessLabel tells that pods of this node talk to the mesh without a proxy beside them.
const ProxylessLabel = "smm.cisco.com/proxyless"

const (
	maxPods     = 250
	kubeletPort = 10250
)

// overcommit is how many times this machine's processors and memory the node offers. Requests reserve
// nothing here, limits bind nobody, and several clusters share the machine: a real figure would only keep
// the scheduler from placing pods that run well.
const overcommit = 16

// machine is what this machine has: processors, memory and room for files.
func machine(dir string) (corev1.ResourceList, error) {
	var memory unix.Sysinfo_t
	if err := unix.Sysinfo(&memory); err != nil {
		return nil, fmt.Errorf("measuring memory: %w", err)
	}
	var disk unix.Statfs_t
	if err := unix.Statfs(dir, &disk); err != nil {
		return nil, fmt.Errorf("measuring the file system of %s: %w", dir, err)
	}
	return corev1.ResourceList{
		corev1.ResourceCPU:              *resource.NewQuantity(int64(runtime.NumCPU()), resource.DecimalSI),
		corev1.ResourceMemory:           *resource.NewQuantity(int64(memory.Totalram)*int64(memory.Unit), resource.BinarySI),
		corev1.ResourceEphemeralStorage: *resource.NewQuantity(int64(disk.Blocks)*disk.Bsize, resource.BinarySI),
	}, nil
}

// offered is what the node tells the scheduler that it has.
func offered(machine corev1.ResourceList) corev1.ResourceList {
	list := machine.DeepCopy()
	for _, name := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
		quantity := list[name]
		quantity.Mul(overcommit)
		list[name] = quantity
	}
	list[corev1.ResourcePods] = *resource.NewQuantity(maxPods, resource.DecimalSI)
	return list
}

// nodeLabels are the labels of the Node object.
func nodeLabels(config Config) map[string]string {
	return map[string]string{
		corev1.LabelHostname:       config.NodeName,
		corev1.LabelOSStable:       runtime.GOOS,
		corev1.LabelArchStable:     runtime.GOARCH,
		corev1.LabelTopologyRegion: config.Region,
		corev1.LabelTopologyZone:   config.Zone,
		ProxylessLabel:             "true",
	}
}

// nodeStatus is the status of the Node object. Conditions keep the times of their last transitions.
func nodeStatus(old corev1.NodeStatus, config Config, machine corev1.ResourceList, now time.Time) corev1.NodeStatus {
	status := *old.DeepCopy()
	status.Capacity, status.Allocatable = offered(machine), offered(machine)
	status.Addresses = []corev1.NodeAddress{
		{Type: corev1.NodeInternalIP, Address: config.NodeIP}, {Type: corev1.NodeHostName, Address: config.NodeName},
	}
	status.DaemonEndpoints.KubeletEndpoint.Port = port(config.Address)
	status.NodeInfo = nodeInfo(config.NodeName)
	ready := corev1.NodeCondition{Type: corev1.NodeReady, Status: corev1.ConditionTrue, Reason: "KubeletReady", Message: "the node runs pods as processes"}
	setNodeCondition(&status, ready, now)
	for _, pressure := range []corev1.NodeCondition{
		{Type: corev1.NodeMemoryPressure, Reason: "KubeletHasSufficientMemory"},
		{Type: corev1.NodeDiskPressure, Reason: "KubeletHasNoDiskPressure"},
		{Type: corev1.NodePIDPressure, Reason: "KubeletHasSufficientPID"},
	} {
		pressure.Status, pressure.Message = corev1.ConditionFalse, "not measured in a sandbox"
		setNodeCondition(&status, pressure, now)
	}
	return status
}

// port is the port of an address; 0 when that has none.
func port(address string) int32 {
	parsed, err := netip.ParseAddrPort(address)
	if err != nil {
		return 0
	}
	return int32(parsed.Port())
}

func setNodeCondition(status *corev1.NodeStatus, condition corev1.NodeCondition, now time.Time) {
	condition.LastHeartbeatTime, condition.LastTransitionTime = metav1.NewTime(now), metav1.NewTime(now)
	for i, present := range status.Conditions {
		if present.Type != condition.Type {
			continue
		}
		if present.Status == condition.Status {
			condition.LastTransitionTime = present.LastTransitionTime
		}
		status.Conditions[i] = condition
		return
	}
	status.Conditions = append(status.Conditions, condition)
}

func nodeInfo(nodeName string) corev1.NodeSystemInfo {
	id := fmt.Sprintf("%x", sha256.Sum256([]byte(nodeName)))[:32]
	var kernel unix.Utsname
	_ = unix.Uname(&kernel) // it only fails for a bad pointer
	boot, _ := os.ReadFile("/proc/sys/kernel/random/boot_id")
	return corev1.NodeSystemInfo{
		MachineID: id, SystemUUID: id, BootID: strings.TrimSpace(string(boot)),
		KernelVersion:           unix.ByteSliceToString(kernel.Release[:]),
		OSImage:                 "smm sandbox (processes)",
		OperatingSystem:         runtime.GOOS,
		Architecture:            runtime.GOARCH,
		ContainerRuntimeVersion: "process://1.0.0",
		KubeletVersion:          version.Get().GitVersion,
	}
}
