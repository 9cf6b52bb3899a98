"""Pictures: what is written is read back, and a folder lists what is in it."""

import builtins
import subprocess
import sys

import numpy as np
import pytest

from gendemod.pictures import list_pictures, read_picture, write_picture


@pytest.fixture
def pillow():
    return pytest.importorskip("PIL.Image")


@pytest.fixture
def tifffile():
    return pytest.importorskip("tifffile")


def bytes_of(shape, seed=0, dtype=np.uint8):
    top = np.iinfo(dtype).max
    return np.random.default_rng(seed).integers(0, top, shape, dtype=dtype, endpoint=True)


# What is written is read back.


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (1, 1)])
def test_png_of_eight_bits_keeps_every_level(tmp_path, pillow, shape):
    levels = bytes_of(shape)
    write_picture(tmp_path / "p.png", levels / 255)
    back = read_picture(tmp_path / "p.png")
    assert back.shape == shape
    assert back.dtype == np.float64
    np.testing.assert_array_equal(back, levels / 255)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3)])
def test_npy_is_kept_as_it_is(tmp_path, dtype, shape):
    picture = np.random.default_rng(1).normal(size=shape).astype(dtype)
    write_picture(tmp_path / "p.npy", picture)
    back = read_picture(tmp_path / "p.npy")
    assert back.dtype == dtype
    np.testing.assert_array_equal(back, picture)


@pytest.mark.parametrize("shape", [(5, 7), (5, 7, 3), (3, 4)])
def test_tiff_is_kept_in_float32(tmp_path, tifffile, shape):
    picture = np.random.default_rng(2).normal(size=shape)
    write_picture(tmp_path / "p.tiff", picture)
    back = read_picture(tmp_path / "p.tiff")
    assert back.dtype == np.float32
    np.testing.assert_array_equal(back, picture.astype(np.float32))


def test_sixteen_bits_keep_their_levels(tmp_path, pillow, tifffile):
    grey = bytes_of((5, 7), dtype=np.uint16)
    colour = bytes_of((5, 7, 3), dtype=np.uint16)
    pillow.fromarray(grey).save(tmp_path / "grey.png")
    tifffile.imwrite(tmp_path / "grey.tif", grey, photometric="minisblack")
    tifffile.imwrite(tmp_path / "colour.tif", colour, photometric="rgb")
    for name in ("grey.png", "grey.tif"):
        np.testing.assert_array_equal(read_picture(tmp_path / name), grey / 65535)
    np.testing.assert_array_equal(read_picture(tmp_path / "colour.tif"), colour / 65535)


def test_planar_tiff_has_its_channels_last(tmp_path, tifffile):
    colour = bytes_of((5, 7, 3))
    planes = np.moveaxis(colour, -1, 0)
    tifffile.imwrite(tmp_path / "p.tif", planes, photometric="rgb", planarconfig="separate")
    np.testing.assert_array_equal(read_picture(tmp_path / "p.tif"), colour / 255)


def test_palette_and_one_bit_pictures(tmp_path, pillow):
    bits = bytes_of((5, 7)) > 127
    pillow.fromarray(bits).save(tmp_path / "bits.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "bits.png"), bits.astype(float))
    two = np.array([[[255, 0, 0], [0, 0, 255]]], dtype=np.uint8)
    pillow.fromarray(two).convert("P", palette=pillow.Palette.ADAPTIVE).save(tmp_path / "two.png")
    np.testing.assert_array_equal(read_picture(tmp_path / "two.png"), two / 255)


@pytest.mark.parametrize(
    ("stored", "expected"),
    [
        (np.array([[0, 255]], dtype=np.uint8), [[0.0, 1.0]]),
        (np.array([[0, 65535]], dtype=">u2"), [[0.0, 1.0]]),
        (np.array([[False, True]]), [[0.0, 1.0]]),
        (np.array([[-0.5, 2.0]], dtype=np.float16), [[-0.5, 2.0]]),
        (np.array([[-0.5, 2.0]], dtype=">f8"), [[-0.5, 2.0]]),
    ],
)
def test_npy_types(tmp_path, stored, expected):
    np.save(tmp_path / "p.npy", stored)
    back = read_picture(tmp_path / "p.npy")
    assert back.dtype in (np.float32, np.float64)
    assert back.dtype.isnative
    np.testing.assert_array_equal(back, expected)


def test_opaque_alpha_is_dropped_and_any_other_refused(tmp_path, pillow):
    for channels in (2, 4):
        pixels = bytes_of((5, 7, channels))
        pixels[..., -1] = 255
        pillow.fromarray(pixels).save(tmp_path / "p.png")
        expected = pixels[..., 0] if channels == 2 else pixels[..., :3]
        np.testing.assert_array_equal(read_picture(tmp_path / "p.png"), expected / 255)
        pixels[2, 3, -1] = 254
        pillow.fromarray(pixels).save(tmp_path / "p.png")
        with pytest.raises(ValueError, match=r"must be an opaque picture.*p\.png"):
            read_picture(tmp_path / "p.png")


def test_transparent_palette_colour_is_refused(tmp_path, pillow):
    image = pillow.fromarray(bytes_of((5, 7))).convert("P")
    image.save(tmp_path / "p.png", transparency=3)
    with pytest.raises(ValueError, match=r"p\.png.*transparent"):
        read_picture(tmp_path / "p.png")


# A folder of pictures.


def test_a_folder_lists_its_pictures_by_name(tmp_path):
    for name in ("b.PNG", "a.tiff", "c.npy", "notes.txt", ".hidden.png"):
        (tmp_path / name).touch()
    (tmp_path / "d.png").mkdir()
    assert [file.name for file in list_pictures(tmp_path)] == ["a.tiff", "b.PNG", "c.npy"]
    assert list_pictures(tmp_path / "c.npy") == [tmp_path / "c.npy"]


def test_a_folder_without_pictures(tmp_path):
    (tmp_path / "notes.txt").touch()
    with pytest.raises(ValueError, match="must hold a picture"):
        list_pictures(tmp_path)


# The extra.


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_a_missing_extra_is_named(tmp_path, monkeypatch, suffix):
    real = builtins.__import__

    def without(name, *args, **kwargs):
        if name.split(".")[0] in ("PIL", "tifffile", "skimage"):
            raise ImportError(name)
        return real(name, *args, **kwargs)

    (tmp_path / f"p{suffix}").write_bytes(b"x")
    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"gendemod\[images\]"):
        read_picture(tmp_path / f"p{suffix}")
    with pytest.raises(ImportError, match=r"gendemod\[images\]"):
        write_picture(tmp_path / f"q{suffix}", np.ones((2, 2)))
    assert not (tmp_path / f"q{suffix}").exists()


def test_npy_needs_numpy_alone(tmp_path):
    np.save(tmp_path / "p.npy", np.ones((2, 2)))
    code = (
        "import sys; from gendemod.pictures import read_picture; "
        f"read_picture({str(tmp_path / 'p.npy')!r}); "
        "print([m for m in ('PIL', 'tifffile', 'skimage', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout.strip() == "[]", done.stderr
