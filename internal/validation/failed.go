package validation

import "fmt"

// FailedCheck is the ID of the finding that tells that a check itself failed, on objects that it did not expect.
const FailedCheck = "smm/check/failed"

// findings runs a check on one object. A check that panics ends neither the program nor the other checks: analyzers of
// Istio's do so on some incomplete objects.
func (c *Check) findings(v View, o *Object) (found []Finding) {
	defer func() {
		if reason := recover(); reason != nil {
			failed := c.finding(o, Fault{Check: FailedCheck, Severity: Info})
			failed.Message = fmt.Sprintf("the check %s could not be run: %v", c.ID, reason)
			found = append(found, failed)
		}
	}()
	c.Run(v, o, func(fault Fault) { found = append(found, c.finding(o, fault)) })
	return found
}
