// Package lab is a small internet for tests: computers behind real NATs, on
// one machine, without root.
package lab
