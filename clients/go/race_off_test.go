//go:build !race

package canvasback

const raceDetector = false
