//go:build race

package link

// The race detector makes pion about ten times slower.
const raceDetector = true
