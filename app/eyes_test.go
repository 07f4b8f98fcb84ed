//go:build window

package main

import (
	"image"
	"image/color"
)

// The colours of the light theme by which the test sees what the window shows.
var (
	primary  = color.RGBA{0x0B, 0x6A, 0x85, 0xFF}
	finished = color.RGBA{0x1B, 0x7F, 0x4B, 0xFF}
	track    = color.RGBA{0xE1, 0xE7, 0xEB, 0xFF}
)

// block finds the topmost filled rectangle of a colour that is at least that
// large.
func block(picture image.Image, ink color.RGBA, width, height int) (image.Rectangle, bool) {
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			right := runEnd(picture, ink, x, y)
			if right-x < width {
				x = right
				continue
			}
			bottom := y
			for bottom < bounds.Max.Y && runEnd(picture, ink, x, bottom)-x >= width {
				bottom++
			}
			if bottom-y >= height {
				return image.Rect(x, y, right, bottom), true
			}
			x = right
		}
	}
	return image.Rectangle{}, false
}

// runEnd is where a run of a colour ends that begins at x, y.
func runEnd(picture image.Image, ink color.RGBA, x, y int) int {
	for x < picture.Bounds().Max.X && alike(picture.At(x, y), ink) {
		x++
	}
	return x
}

func alike(c color.Color, ink color.RGBA) bool {
	r, g, b, _ := c.RGBA()
	near := func(have uint32, want uint8) bool {
		difference := int(have>>8) - int(want)
		return difference >= -3 && difference <= 3
	}
	return near(r, ink.R) && near(g, ink.G) && near(b, ink.B)
}

// barAt is how full the topmost progress bar is; false if none is seen.
func barAt(picture image.Image) (float64, bool) {
	empty, found := block(picture, track, 40, 4)
	if !found {
		return 0, false
	}
	middle := (empty.Min.Y + empty.Max.Y) / 2
	left := empty.Min.X
	for left > 0 && !alike(picture.At(left-1, middle), color.RGBA{255, 255, 255, 255}) {
		left--
	}
	return float64(empty.Min.X-left) / float64(empty.Max.X-left), true
}
