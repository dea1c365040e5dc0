package route

import (
	"net/http"
	"regexp"
	"strings"

	routev3 "github.com/envoyproxy/go-control-plane/envoy/config/route/v3"
	matcherv3 "github.com/envoyproxy/go-control-plane/envoy/type/matcher/v3"
)

// matches tells whether a route is for a request. One with a condition that is not known here is for none.
func matches(match *routev3.RouteMatch, request *http.Request) bool {
	return pathMatches(match, request.URL.Path) && headersMatch(match.GetHeaders(), request) && queryMatches(match.GetQueryParameters(), request)
}

func pathMatches(match *routev3.RouteMatch, path string) bool {
	wanted := func(s string) string { return s }
	if match.GetCaseSensitive() != nil && !match.GetCaseSensitive().GetValue() {
		wanted, path = strings.ToLower, strings.ToLower(path)
	}
	switch specifier := match.GetPathSpecifier().(type) {
	case *routev3.RouteMatch_Prefix:
		return strings.HasPrefix(path, wanted(specifier.Prefix))
	case *routev3.RouteMatch_Path:
		return path == wanted(specifier.Path)
	case *routev3.RouteMatch_PathSeparatedPrefix:
		rest, found := strings.CutPrefix(path, wanted(specifier.PathSeparatedPrefix))
		return found && (rest == "" || rest[0] == '/')
	case *routev3.RouteMatch_SafeRegex:
		return regexMatches(specifier.SafeRegex, path)
	}
	return false
}

func headersMatch(matchers []*routev3.HeaderMatcher, request *http.Request) bool {
	for _, m := range matchers {
		if headerMatches(m, request) == m.GetInvertMatch() {
			return false
		}
	}
	return true
}

func headerMatches(m *routev3.HeaderMatcher, request *http.Request) bool {
	value, present := header(request, m.GetName())
	switch specifier := m.GetHeaderMatchSpecifier().(type) {
	case *routev3.HeaderMatcher_PresentMatch:
		return present == specifier.PresentMatch
	case *routev3.HeaderMatcher_StringMatch:
		return present && stringMatches(specifier.StringMatch, value)
	}
	return false
}

// header is the value of a header or of what HTTP/2 has in its place.
func header(request *http.Request, name string) (value string, present bool) {
	switch name {
	case ":method":
		return request.Method, true
	case ":authority":
		return request.Host, true
	case ":path":
		return request.URL.RequestURI(), true
	case ":scheme":
		return "http", true
	}
	values := request.Header.Values(name)
	return strings.Join(values, ","), len(values) > 0
}

func queryMatches(matchers []*routev3.QueryParameterMatcher, request *http.Request) bool {
	query := request.URL.Query()
	for _, m := range matchers {
		present := query.Has(m.GetName())
		if specifier := m.GetStringMatch(); specifier != nil {
			present = present && stringMatches(specifier, query.Get(m.GetName()))
		}
		if !present {
			return false
		}
	}
	return true
}

func stringMatches(m *matcherv3.StringMatcher, value string) bool {
	wanted := func(s string) string { return s }
	if m.GetIgnoreCase() {
		wanted, value = strings.ToLower, strings.ToLower(value)
	}
	switch pattern := m.GetMatchPattern().(type) {
	case *matcherv3.StringMatcher_Exact:
		return value == wanted(pattern.Exact)
	case *matcherv3.StringMatcher_Prefix:
		return strings.HasPrefix(value, wanted(pattern.Prefix))
	case *matcherv3.StringMatcher_Suffix:
		return strings.HasSuffix(value, wanted(pattern.Suffix))
	case *matcherv3.StringMatcher_Contains:
		return strings.Contains(value, wanted(pattern.Contains))
	case *matcherv3.StringMatcher_SafeRegex:
		return regexMatches(pattern.SafeRegex, value)
	}
	return false
}

// regexMatches matches the whole value, as Envoy does.
func regexMatches(m *matcherv3.RegexMatcher, value string) bool {
	expression, err := regexp.Compile("^(?:" + m.GetRegex() + ")$")
	return err == nil && expression.MatchString(value)
}
