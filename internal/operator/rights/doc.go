// Package rights tells which rights the operator needs: to keep the objects that the renderers
// produce, to read what its decisions follow from, and to hold each right that it grants.
package rights
