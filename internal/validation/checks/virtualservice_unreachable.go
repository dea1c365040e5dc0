package checks

import (
	"fmt"
	"strings"

	networking "istio.io/api/networking/v1alpha3"

	"github.com/meshmanager/smm/internal/validation"
)

func unreachableRule() validation.Check {
	return validation.Check{
		ID:       "virtualservice/rule/unreachable",
		Severity: validation.Warning,
		Message:  "no request reaches this rule: an earlier one takes them all",
		Cause: "Rules are tried in order, and the first that fits gets the request. Every request that fits this rule fits the earlier one too. " +
			"Istio's analyzers tell of equal matches, of rules without matches and of a prefix in a prefix.",
		Mend:     "Put the narrower rule first, or remove it.",
		Subjects: of(validation.VirtualService),
		Run: func(_ validation.View, o *validation.Object, report validation.Report) {
			var earlier []numberedMatch
			for i, route := range virtualServiceOf(o).GetHttp() {
				if len(route.GetMatch()) == 0 {
					return // what follows Istio tells of
				}
				if by, covered := coveredBy(route.GetMatch(), earlier); covered {
					report(validation.At(fmt.Sprintf("http[%d]", i), values("earlier", fmt.Sprintf("http[%d]", by))))
				}
				for _, match := range route.GetMatch() {
					earlier = append(earlier, numberedMatch{i, match})
				}
			}
		},
	}
}

type numberedMatch struct {
	rule  int
	match *networking.HTTPMatchRequest
}

// coveredBy tells whether earlier matches take every request of a rule's matches, and which rule does so for one that
// Istio does not tell of.
func coveredBy(matches []*networking.HTTPMatchRequest, earlier []numberedMatch) (rule int, covered bool) {
	rule = -1
	for _, match := range matches {
		found := false
		for _, e := range earlier {
			if covers(e.match, match) {
				found = true
				if !toldByIstio(e.match, match) {
					rule = e.rule
				}
				break
			}
		}
		if !found {
			return 0, false
		}
	}
	return rule, rule >= 0
}

// toldByIstio tells whether Istio's analyzers find that a match is covered: both have prefixes, or are equal.
func toldByIstio(wide, narrow *networking.HTTPMatchRequest) bool {
	return wide.GetUri().GetPrefix() != "" && narrow.GetUri().GetPrefix() != "" || covers(narrow, wide)
}

// covers tells whether every request that fits the narrow match fits the wide one.
func covers(wide, narrow *networking.HTTPMatchRequest) bool {
	return coversURI(wide, narrow) && coversText(wide.GetMethod(), narrow.GetMethod()) &&
		coversText(wide.GetScheme(), narrow.GetScheme()) && coversText(wide.GetAuthority(), narrow.GetAuthority()) &&
		coversTexts(wide.GetHeaders(), narrow.GetHeaders()) && coversTexts(wide.GetQueryParams(), narrow.GetQueryParams()) &&
		excludesNoMore(wide.GetWithoutHeaders(), narrow.GetWithoutHeaders()) && coversClients(wide, narrow)
}

// coversURI compares paths. Every path begins with a slash.
func coversURI(wide, narrow *networking.HTTPMatchRequest) bool {
	if wide.GetUri().GetPrefix() == "/" {
		return true
	}
	return coversText(wide.GetUri(), narrow.GetUri()) && (wide.GetIgnoreUriCase() || !narrow.GetIgnoreUriCase())
}

// coversClients compares where requests come from and arrive.
func coversClients(wide, narrow *networking.HTTPMatchRequest) bool {
	return (wide.GetPort() == 0 || wide.GetPort() == narrow.GetPort()) &&
		(wide.GetSourceNamespace() == "" || wide.GetSourceNamespace() == narrow.GetSourceNamespace()) &&
		(len(wide.GetSourceLabels()) == 0 || fits(wide.GetSourceLabels(), narrow.GetSourceLabels())) &&
		(len(wide.GetGateways()) == 0 || len(narrow.GetGateways()) > 0 && subset(narrow.GetGateways(), wide.GetGateways()))
}

// coversText tells whether every text that fits the narrow condition fits the wide one. Without a condition all do.
func coversText(wide, narrow *networking.StringMatch) bool {
	if wide.GetMatchType() == nil {
		return true
	}
	switch w := wide.GetMatchType().(type) {
	case *networking.StringMatch_Exact:
		n, exact := narrow.GetMatchType().(*networking.StringMatch_Exact)
		return exact && n.Exact == w.Exact
	case *networking.StringMatch_Prefix:
		switch n := narrow.GetMatchType().(type) {
		case *networking.StringMatch_Exact:
			return strings.HasPrefix(n.Exact, w.Prefix)
		case *networking.StringMatch_Prefix:
			return strings.HasPrefix(n.Prefix, w.Prefix)
		}
	case *networking.StringMatch_Regex:
		n, regex := narrow.GetMatchType().(*networking.StringMatch_Regex)
		return w.Regex == ".*" || regex && n.Regex == w.Regex
	}
	return false
}

// coversTexts is coversText for named values, such as headers. A condition without a text asks for the name only.
func coversTexts(wide, narrow map[string]*networking.StringMatch) bool {
	for name, condition := range wide {
		n, found := narrow[name]
		if !found || !coversText(condition, n) {
			return false
		}
	}
	return true
}

// excludesNoMore tells whether each header that the wide match does without, the narrow one does without too.
func excludesNoMore(wide, narrow map[string]*networking.StringMatch) bool {
	for name, condition := range wide {
		n, found := narrow[name]
		if !found || !coversText(n, condition) {
			return false
		}
	}
	return true
}

func subset(some, all []string) bool {
	in := make(map[string]bool, len(all))
	for _, name := range all {
		in[name] = true
	}
	for _, name := range some {
		if !in[name] {
			return false
		}
	}
	return true
}
