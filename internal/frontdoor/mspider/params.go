package mspider

import (
	"cmp"
	"fmt"
	"maps"
	"net"
	"regexp"
	"slices"
	"strconv"
	"strings"

	corev1 "k8s.io/api/core/v1"

	discoveryv3alpha1 "github.com/meshmanager/smm/api/discovery/v3alpha1"
)

// Parameters that have an effect. Those under custom are values of Istio's chart.
const (
	custom = "istio.custom_params.values."

	paramVersion   = "global.istio_version"
	paramAvailable = "global.high_available"
	paramMeshID    = "global.meshID"
	paramRole      = "global.clusterRole"
	paramAddress   = custom + "global.remotePilotAddress"
	paramNetwork   = custom + "global.network"
	paramSampling  = custom + "pilot.traceSampling"
	prefixEnv      = custom + "pilot.env."
	prefixNetworks = custom + "global.meshNetworks."
)

// roleWorker is the role of a cluster that uses a hosted control plane.
const roleWorker = "HOSTED_WORKLOAD_CLUSTER"

// settings are what a mesh's parameters say.
type settings struct {
	version       string
	available     bool   // several istiods
	remoteAddress string // IP address at which workers reach istiod
	networks      map[string][]networkGateway
	env           []corev1.EnvVar
	sampling      *float64
	// unsupported names the parameters without effect, and why.
	unsupported []string
}

// networkGateway is an east-west gateway to a network.
type networkGateway struct {
	Address string `json:"address"`
	Port    int32  `json:"port"`
}

func settingsOf(params map[string]string) settings {
	s := settings{networks: map[string][]networkGateway{}}
	gateways := map[string]*gatewayParams{}
	for _, name := range slices.Sorted(maps.Keys(params)) {
		value := params[name]
		var why string
		switch {
		case name == paramVersion:
			s.version, _, _ = strings.Cut(value, "-mspider")
		case name == paramAvailable:
			s.available, why = truth(value)
		case name == paramAddress && net.ParseIP(value) == nil:
			why = "only an IP address has an effect"
		case name == paramAddress:
			s.remoteAddress = value
		case name == paramSampling:
			s.sampling, why = share(value)
		case strings.HasPrefix(name, prefixEnv):
			s.env = append(s.env, corev1.EnvVar{Name: strings.TrimPrefix(name, prefixEnv), Value: value})
		case strings.HasPrefix(name, prefixNetworks):
			why = noteGateway(gateways, strings.TrimPrefix(name, prefixNetworks), value)
		default:
			why = "the product has no such parameter"
		}
		if why != "" {
			s.unsupported = append(s.unsupported, fmt.Sprintf("%s (%s)", name, why))
		}
	}
	for _, key := range slices.Sorted(maps.Keys(gateways)) {
		g := gateways[key]
		if g.Address == "" {
			s.unsupported = append(s.unsupported, fmt.Sprintf("%s%s (it has no address)", prefixNetworks, key))
			continue
		}
		g.Port = cmp.Or(g.Port, eastWestPort)
		s.networks[g.network] = append(s.networks[g.network], g.networkGateway)
	}
	return s
}

// eastWestPort is the port of an east-west gateway that says no other.
const eastWestPort = 15443

// gatewayParams is a gateway as several parameters together describe it.
type gatewayParams struct {
	network string
	networkGateway
}

// gatewayParam is <network>.gateways[<index>].address or .port.
var gatewayParam = regexp.MustCompile(`^(.+)\.gateways\[(\d+)\]\.(address|port)$`)

func noteGateway(gateways map[string]*gatewayParams, name, value string) (why string) {
	parts := gatewayParam.FindStringSubmatch(name)
	if parts == nil {
		return "only gateways[n].address and gateways[n].port have an effect"
	}
	key := fmt.Sprintf("%s.gateways[%s]", parts[1], parts[2])
	if gateways[key] == nil {
		gateways[key] = &gatewayParams{network: parts[1]}
	}
	if parts[3] == "address" {
		gateways[key].Address = value
		return ""
	}
	port, err := strconv.ParseUint(value, 10, 16)
	if err != nil {
		return "it is no port"
	}
	gateways[key].Port = int32(port)
	return ""
}

func truth(value string) (is bool, why string) {
	is, err := strconv.ParseBool(value)
	if err != nil {
		return false, "it is neither true nor false"
	}
	return is, ""
}

func share(value string) (percent *float64, why string) {
	number, err := strconv.ParseFloat(value, 64)
	if err != nil || number < 0 || number > 100 {
		return nil, "it is no percentage"
	}
	return &number, ""
}

// unsupportedOf names what of a mesh has no effect.
func unsupportedOf(spec *discoveryv3alpha1.GlobalMeshSpec, s settings) []string {
	var names []string
	for _, name := range s.unsupported {
		names = append(names, "spec.ownerConfig.controlPlaneParams."+name)
	}
	if spec.OwnerConfig.ControlPlaneParamsStruct != nil {
		names = append(names, "spec.ownerConfig.controlPlaneParamsStruct (the product has no such parameters)")
	}
	if spec.Mode == discoveryv3alpha1.ModeExternal && (spec.Hub != "" || len(spec.OwnerConfig.ControlPlaneParams) > 0) {
		names = append(names, "spec.hub and spec.ownerConfig.controlPlaneParams (somebody else installs Istio)")
	}
	return names
}
