// Command draw renders causeway.svg into causeway-SIZE.png for the sizes that
// desktops ask for. Run it in assets/icon after the drawing has changed:
//
//	go run ./draw
package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"log"
	"os"

	"github.com/fyne-io/oksvg"
	"github.com/srwiley/rasterx"
)

// sizes are those of the freedesktop.org icon theme, in pixels.
var sizes = []int{16, 24, 32, 48, 64, 128, 256, 512}

func main() {
	log.SetFlags(0)
	drawing, err := os.ReadFile("causeway.svg")
	if err != nil {
		log.Fatal(err)
	}
	for _, size := range sizes {
		picture, err := render(drawing, size)
		if err != nil {
			log.Fatal(err)
		}
		if err := os.WriteFile(fmt.Sprintf("causeway-%d.png", size), picture, 0o644); err != nil {
			log.Fatal(err)
		}
	}
}

func render(drawing []byte, size int) ([]byte, error) {
	icon, err := oksvg.ReadIconStream(bytes.NewReader(drawing), oksvg.StrictErrorMode)
	if err != nil {
		return nil, fmt.Errorf("causeway.svg: %w", err)
	}
	icon.SetTarget(0, 0, float64(size), float64(size))
	picture := image.NewRGBA(image.Rect(0, 0, size, size))
	scanner := rasterx.NewScannerGV(size, size, picture, picture.Bounds())
	icon.Draw(rasterx.NewDasher(size, size, scanner), 1)
	var out bytes.Buffer
	err = png.Encode(&out, picture)
	return out.Bytes(), err
}
