package signin

import (
	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/client-go/rest"
)

// User is who somebody is to Kubernetes.
type User struct {
	Name   string              `json:"name"`
	UID    string              `json:"uid,omitempty"`
	Groups []string            `json:"groups,omitempty"`
	Extra  map[string][]string `json:"extra,omitempty"`
}

// Impersonate returns what makes the API server treat requests as the user's.
func (u User) Impersonate() rest.ImpersonationConfig {
	return rest.ImpersonationConfig{UserName: u.Name, UID: u.UID, Groups: u.Groups, Extra: u.Extra}
}

// UserOf is who Kubernetes says that somebody is.
func UserOf(info authenticationv1.UserInfo) User {
	user := User{Name: info.Username, UID: info.UID, Groups: info.Groups}
	for key, values := range info.Extra {
		if user.Extra == nil {
			user.Extra = make(map[string][]string, len(info.Extra))
		}
		user.Extra[key] = values
	}
	return user
}
