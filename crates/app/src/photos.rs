//! Photos that nobody took: small landscapes for the demo and the sample homes, the same for the same number.

use crate::failure::{AppError, Result};

const WIDTH: u16 = 480;
const HEIGHT: u16 = 320;
const QUALITY: u8 = 82;

/// Paints a landscape as JPEG.
pub(crate) fn landscape(number: u64) -> Result<Vec<u8>> {
    let mut dice = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        (dice >> 11) as f64 / (1u64 << 53) as f64
    };
    let (hue, sun_x, sun_y) = (next(), 0.15 + 0.7 * next(), 0.12 + 0.3 * next());
    let hills: Vec<(f64, f64, f64, f64)> = (0..4)
        .map(|i| {
            (
                0.45 + 0.13 * f64::from(i) + 0.05 * next(),
                1.5 + 3.0 * next(),
                6.3 * next(),
                0.05 + 0.05 * next(),
            )
        })
        .collect();
    let mut pixels = Vec::with_capacity(usize::from(WIDTH) * usize::from(HEIGHT) * 3);
    for row in 0..HEIGHT {
        for column in 0..WIDTH {
            let (x, y) = (f64::from(column) / f64::from(WIDTH), f64::from(row) / f64::from(HEIGHT));
            let grain = (next() - 0.5) * 9.0;
            let colour = paint(x, y, hue, (sun_x, sun_y), &hills);
            pixels.extend(colour.map(|channel| (channel + grain).clamp(0.0, 255.0) as u8));
        }
    }
    let mut jpeg = Vec::new();
    let encoder = jpeg_encoder::Encoder::new(&mut jpeg, QUALITY);
    encoder
        .encode(&pixels, WIDTH, HEIGHT, jpeg_encoder::ColorType::Rgb)
        .map_err(|error| {
            AppError::failed(
                "photo",
                format!("A sample photo could not be painted: {error}."),
                "Try again.",
            )
        })?;
    Ok(jpeg)
}

fn paint(x: f64, y: f64, hue: f64, sun: (f64, f64), hills: &[(f64, f64, f64, f64)]) -> [f64; 3] {
    let sky = [
        120.0 + 110.0 * y + 50.0 * hue,
        160.0 + 60.0 * y,
        235.0 - 70.0 * y * (0.4 + hue),
    ];
    let mut colour = sky;
    let distance = ((x - sun.0).powi(2) * 2.25 + (y - sun.1).powi(2)).sqrt();
    let glow = (0.09 / (distance + 0.05)).min(1.0);
    for (channel, bright) in colour.iter_mut().zip([255.0, 240.0, 200.0]) {
        *channel += (bright - *channel) * glow;
    }
    for (depth, (base, waves, phase, height)) in hills.iter().enumerate() {
        let ridge =
            base + height * (x * waves * 6.3 + phase).sin() + 0.5 * height * (x * waves * 17.0 + phase * 2.0).sin();
        if y > ridge {
            let dark = 1.0 - 0.2 * depth as f64;
            colour = [70.0 * dark + 40.0 * hue, (125.0 - 25.0 * hue) * dark, 90.0 * dark];
        }
    }
    colour
}
