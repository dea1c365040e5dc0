package telemetry

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
)

// maxDepth bounds how deep what is skipped may nest.
const maxDepth = 100

var errSyntax = errors.New("this is no JSON, or not of the expected form")

// scanner reads a JSON text in order, without a value in memory for what is only passed by. After its first error it reads
// nothing more.
type scanner struct {
	json []byte
	at   int
	err  error
}

// next is the next byte that is no white space, 0 at the end.
func (s *scanner) next() byte {
	for s.err == nil && s.at < len(s.json) {
		switch c := s.json[s.at]; c {
		case ' ', '\t', '\n', '\r':
			s.at++
		default:
			return c
		}
	}
	return 0
}

// take passes by a byte that must be next.
func (s *scanner) take(c byte) {
	if s.next() != c || s.err != nil {
		s.fail()
		return
	}
	s.at++
}

func (s *scanner) fail() {
	if s.err == nil {
		s.err = errSyntax
	}
}

// fields reads an object. The function has to read each value; the name is good until then.
func (s *scanner) fields(read func(name []byte)) {
	s.list('{', '}', func() {
		name := s.text()
		s.take(':')
		read(name)
	})
}

// elements reads an array. The function has to read each element.
func (s *scanner) elements(read func()) { s.list('[', ']', read) }

// list reads what is between two brackets. null is an empty list.
func (s *scanner) list(open, end byte, read func()) {
	if s.next() == 'n' {
		if string(s.word()) != "null" {
			s.fail()
		}
		return
	}
	s.take(open)
	if s.next() == end {
		s.at++
		return
	}
	for s.err == nil {
		read()
		if s.next() == end {
			s.at++
			return
		}
		s.take(',')
	}
}

// text reads a string. It is good as long as the JSON is.
func (s *scanner) text() []byte {
	s.take('"')
	if s.err != nil {
		return nil
	}
	rest := s.json[s.at:]
	length := bytes.IndexByte(rest, '"')
	if length < 0 {
		s.fail()
		return nil
	}
	if bytes.IndexByte(rest[:length], '\\') < 0 {
		s.at += length + 1
		return rest[:length]
	}
	return s.escapedText()
}

func (s *scanner) escapedText() []byte {
	begin := s.at - 1
	for ; s.at < len(s.json); s.at++ {
		switch s.json[s.at] {
		case '\\':
			s.at++
		case '"':
			s.at++
			var text string
			if err := json.Unmarshal(s.json[begin:s.at], &text); err != nil {
				s.fail()
			}
			return []byte(text)
		}
	}
	s.fail()
	return nil
}

// number reads a number.
func (s *scanner) number() float64 {
	value, err := strconv.ParseFloat(string(s.word()), 64)
	if err != nil {
		s.fail()
	}
	return value
}

// word reads a number, true, false or null.
func (s *scanner) word() []byte {
	s.next()
	begin := s.at
	for s.err == nil && s.at < len(s.json) {
		switch s.json[s.at] {
		case ' ', '\t', '\n', '\r', ',', ']', '}', '"', '[', '{', ':':
			return s.json[begin:s.at]
		}
		s.at++
	}
	return s.json[begin:s.at]
}

// skip passes by a value.
func (s *scanner) skip() { s.skipWithin(maxDepth) }

func (s *scanner) skipWithin(depth int) {
	if depth == 0 {
		s.fail()
		return
	}
	switch s.next() {
	case '{':
		s.fields(func([]byte) { s.skipWithin(depth - 1) })
	case '[':
		s.elements(func() { s.skipWithin(depth - 1) })
	case '"':
		s.text()
	default:
		if !json.Valid(s.word()) {
			s.fail()
		}
	}
}
