package graph

import (
	"encoding/base64"
	"fmt"
	"strconv"

	"github.com/meshmanager/smm/internal/server/graph/model"
)

const (
	// maxPage bounds what one page holds.
	maxPage = 500
	// defaultPage is what a page holds unless told otherwise.
	defaultPage = 100
)

// page cuts one page out of a list. The cursor is the position, which is good enough for lists that are sorted by name:
// what is made meanwhile may be seen twice or missed, as with Kubernetes' own lists without a resource version.
func page[T any](all []T, first *int, after *string) ([]T, model.PageInfo, error) {
	size, start := defaultPage, 0
	if first != nil {
		size = *first
	}
	if size < 0 || size > maxPage {
		return nil, model.PageInfo{}, fmt.Errorf("first is %d: give a number from 0 to %d", size, maxPage)
	}
	if after != nil {
		var err error
		if start, err = position(*after); err != nil {
			return nil, model.PageInfo{}, err
		}
	}
	start = min(start, len(all))
	end := min(start+size, len(all))
	info := model.PageInfo{HasNextPage: end < len(all)}
	if end > start {
		cursor := base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(end)))
		info.EndCursor = &cursor
	}
	return all[start:end], info, nil
}

func position(cursor string) (int, error) {
	text, err := base64.RawURLEncoding.DecodeString(cursor)
	if err == nil {
		var start int
		if start, err = strconv.Atoi(string(text)); err == nil && start >= 0 {
			return start, nil
		}
	}
	return 0, fmt.Errorf("after is %q: give the endCursor of another page", cursor)
}
