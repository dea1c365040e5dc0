package cluster

import (
	"encoding/json"
	"errors"
)

// versionOf reads the version from what an API server says of itself.
func versionOf(content []byte) (string, error) {
	var version struct {
		GitVersion string `json:"gitVersion"`
	}
	if err := json.Unmarshal(content, &version); err != nil || version.GitVersion == "" {
		return "", errors.New("the API server tells no version")
	}
	return version.GitVersion, nil
}
