"""What is drawn at random for a picture: the person, the expression, the camera, looks, light, place and sensor.

Everything is a row of tensors, so that a batch can be cut, joined and moved to a device. Seeded: the same generator
state gives the same people.
"""

from collections.abc import Callable
from dataclasses import dataclass, fields

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from models.sampling import draw_expression, draw_gaze, draw_head
from rig.identity import random_identity
from rig.parameters import N_BROW_STYLES, N_CHANNELS

F = NDArray[np.float32]
LIGHTS = 3
SOFT_ROOMS = 0.5
"""Share of rooms lit by white walls and ceilings: puffed cheeks and folds hardly show by their shade there."""
FERA_ORIENTATIONS = tuple((float(y), float(p)) for p in (40, 0, -40) for y in (-40, -20, 0))
"""(yaw, pitch) in degrees of FERA 2017's nine views, the sixth frontal: 1 to 3 look up, 7 to 9 down (Zhou et al. 2017),
all of them show the left half of the face. The angles themselves are not verified."""
IdentityDraw = Callable[[np.random.Generator], F]


@dataclass(frozen=True)
class Parameters:
    """N pictures to be. Colours are linear light unless they say sRGB; lengths in metres; shares 0..1."""

    au: Tensor
    """(N, 40)"""
    identity: Tensor
    """(N, 208)"""
    brow_style: Tensor
    """(N,) int64"""
    gaze_deg: Tensor
    """(N, 4) left yaw, pitch, right yaw, pitch."""
    euler_deg: Tensor
    """(N, 3) head against the camera: yaw, pitch, roll."""
    torso_share: Tensor
    """(N,) how much of that turn the torso shares; the neck does the rest."""
    distance_m: Tensor
    focal: Tensor
    """(N,) focal length in picture sides."""
    shift: Tensor
    """(N, 2) where the face's centre lies off the picture's, in picture sides."""

    skin: Tensor
    """(N, 3) multiplies the painted light skin."""
    lip: Tensor
    """(N, 3) multiplies the lips."""
    age: Tensor
    """(N,) how much of the folds stays at rest."""
    freckles: Tensor
    blotches: Tensor
    oil: Tensor
    brow_colour: Tensor
    brow_strength: Tensor
    iris: Tensor
    """(N, 3) multiplies the painted brown iris."""
    lashes: Tensor
    """(N,) 0..1 strength."""
    has_hair: Tensor
    hair_colour: Tensor
    """(N, 3) of hair and beard."""
    hairline: Tensor
    """(N, 5) metres by which front, temples, sides and nape recede, and the front on the left more than the right."""
    hair_thickness: Tensor
    """(N, 2) top, sides."""
    hair_contrast: Tensor
    beard: Tensor
    """(N, 3) density of moustache, chin and jaw."""
    beard_length: Tensor
    glasses: Tensor
    """(N, 8) worn, half width, half height, squareness, rim radius, lens grey, mirror, drop."""
    glasses_colour: Tensor
    collar: Tensor
    """(N,) how far up the neck the shirt comes."""
    cloth: Tensor
    """(N, 2, 3) two colours."""
    cloth_stripes: Tensor
    """(N, 2) stripes a metre along x and y; 0 is plain."""

    light_direction: Tensor
    """(N, LIGHTS, 3) unit, towards the lamp; x right in the picture, y up, z to the viewer."""
    light_colour: Tensor
    """(N, LIGHTS, 3)"""
    shadow: Tensor
    """(N,) how dark the first lamp's shadows are."""
    ambient: Tensor
    """(N, 9, 3) irradiance over pi in real spherical harmonics to order 2."""

    backdrop: Tensor
    """(N, 6, 3) palette."""
    backdrop_kind: Tensor
    """(N, 5) shares of gradient, shapes, noise, bokeh; softness."""
    backdrop_dice: Tensor
    """(N, 160) uniform numbers that place what is there, and the grain."""

    exposure: Tensor
    white_balance: Tensor
    """(N, 3)"""
    contrast: Tensor
    vignette: Tensor
    blur: Tensor
    """(N, 2) standard deviation along x and y, in pixels of a picture of 256."""
    noise: Tensor
    """(N, 2) standard deviation (sRGB, 0..1) of luma and chroma."""
    resample: Tensor
    """(N,) the picture is shrunk to this share of its side and enlarged again."""
    jpeg: Tensor
    """(N,) scale of the quantisation table; 0 is none."""

    def __len__(self) -> int:
        return len(self.au)

    def rows(self, index: slice | Tensor) -> "Parameters":
        return Parameters(**{f.name: getattr(self, f.name)[index] for f in fields(self)})

    def to(self, device: torch.device | str) -> "Parameters":
        return Parameters(**{f.name: getattr(self, f.name).to(device) for f in fields(self)})


def linear(srgb: NDArray) -> NDArray:
    """sRGB 0..1 -> linear light."""
    return np.where(srgb <= 0.04045, srgb / 12.92, ((np.maximum(srgb, 0) + 0.055) / 1.055) ** 2.4)


# Skin from lightest to darkest, sRGB 0..255: the ten tones of Ellis Monk's scale (Google, 2022), drawn towards what
# photographs show (a little redder).
TONES = linear(
    np.array(
        [
            (240, 215, 200), (235, 205, 186), (228, 192, 168), (218, 176, 148), (202, 156, 126),
            (178, 130, 100), (150, 104, 78), (118, 80, 60), (88, 60, 47), (66, 46, 38),
        ]
    ) / 255
)  # fmt: skip
PAINTED_SKIN = linear(np.array([222, 176, 150]) / 255)
HAIR_TONES = linear(
    np.array(
        [
            (24, 20, 19), (34, 26, 22), (52, 37, 28), (78, 54, 38), (112, 78, 50), (160, 122, 78), (196, 160, 112),
            (120, 58, 32), (128, 126, 124), (196, 194, 190),
        ]
    ) / 255
)  # fmt: skip
IRISES = np.array(
    [(1.0, 1.0, 1.0), (0.55, 0.5, 0.45), (0.35, 0.3, 0.28), (0.8, 1.1, 0.9), (0.7, 1.3, 2.4), (0.9, 1.5, 2.8),
     (0.8, 1.4, 1.5), (1.2, 1.2, 1.1)]
)  # fmt: skip


def draw_tone(rng: np.random.Generator) -> tuple[F, float]:
    """Skin colour (3,) linear and how dark it is, 0..1."""
    dark = rng.beta(1.1, 1.4)
    k = dark * (len(TONES) - 1)
    i = min(int(k), len(TONES) - 2)
    tone = TONES[i] + (k - i) * (TONES[i + 1] - TONES[i])
    return (tone * np.exp(rng.normal(0, 0.05) + rng.normal(0, [0.03, 0.035, 0.06]))).astype(np.float32), float(dark)


def draw_person(rng: np.random.Generator) -> dict[str, object]:
    """The looks of a person, which stay over all their pictures."""
    tone, dark = draw_tone(rng)
    hair = HAIR_TONES[rng.choice(10, p=_hair_chances(dark))] * rng.uniform(0.75, 1.25) + rng.uniform(0, 0.004, 3)
    male = rng.random() < 0.5
    bald = rng.random() < (0.13 if male else 0.02)
    short = male or rng.random() < 0.25
    front = rng.normal(0.0, 0.007) - 0.010 * (rng.random() < 0.12)
    receding = abs(rng.normal(0, 0.012)) if male else 0.0
    fringe = -rng.uniform(0.015, 0.034) if rng.random() < 0.16 else 0.0
    thick = rng.uniform(0.004, 0.018, 2) if short else rng.uniform(0.010, 0.030, 2)
    hairline = [front + receding * 0.5 + fringe, front + receding + fringe * 0.8, rng.uniform(-0.012, 0.012), 0.0, 0.0]
    if not short:
        hairline[2:4] = [-rng.uniform(0.02, 0.10), -rng.uniform(0.02, 0.09)]
    if rng.random() < 0.6:
        hairline[4] = rng.normal(0, 0.014)  # combed to one side
    bearded = male and rng.random() < 0.5
    zones = rng.uniform(0, 1, 3) if rng.random() < 0.5 else np.full(3, rng.uniform(0.2, 1.0))
    worn = rng.random() < 0.18
    rim = linear(rng.uniform(0.03, 0.16) * np.array([1, rng.uniform(0.6, 1.0), rng.uniform(0.4, 1.0)]))
    iris = IRISES[rng.choice(8, p=_iris_chances(dark))] * np.exp(rng.normal(0, 0.12, 3))
    made_up = (not male) and rng.random() < 0.35
    lip = np.exp(rng.normal(0, 0.10, 3)) * (np.array([1.0, rng.uniform(0.3, 0.7), rng.uniform(0.4, 0.8)]) ** made_up)
    return {
        "skin": tone / PAINTED_SKIN,
        "lip": lip * np.minimum(tone / PAINTED_SKIN, 1) ** 0.72,
        "age": max(rng.normal(0.05, 0.28), 0.0),
        "freckles": rng.uniform(0.2, 0.9) if rng.random() < 0.2 * (1 - dark) else 0.0,
        "blotches": abs(rng.normal(0, 0.5)),
        "oil": rng.uniform(0.4, 1.6),
        "brow_style": rng.integers(N_BROW_STYLES),
        "brow_colour": np.minimum(hair * rng.uniform(0.3, 0.8), 0.6 * tone),
        "brow_strength": rng.uniform(0.65, 1.0),
        "iris": iris,
        "lashes": rng.uniform(0.35, 0.75) if male else rng.uniform(0.6, 1.0),
        "has_hair": 0.0 if bald else 1.0,
        "hair_colour": hair,
        "hairline": hairline,
        "hair_thickness": thick * np.array([1.0, 0.45 if short else 0.8]),
        "hair_contrast": rng.uniform(0.5, 1.3),
        "beard": zones * rng.uniform(0.25, 1.0) if bearded else np.zeros(3),
        "beard_length": rng.uniform(0, 0.008) if bearded and rng.random() < 0.5 else 0.0,
        "glasses": _glasses(rng, worn),
        "glasses_colour": rim,
        "collar": rng.uniform(-0.035, 0.022),
        "cloth": linear(rng.uniform(0.03, 0.85, (2, 3)) * rng.uniform(0.3, 1.0)),
        "cloth_stripes": rng.uniform(10, 120, 2) * (rng.random(2) < 0.2),
    }


def _glasses(rng: np.random.Generator, worn: bool) -> F:
    """See Parameters.glasses."""
    return np.array(
        [
            worn, rng.uniform(0.0225, 0.028), rng.uniform(0.014, 0.022), rng.uniform(2.0, 4.5),
            rng.uniform(0.0006, 0.0021), rng.uniform(0, 0.12) if rng.random() < 0.9 else rng.uniform(0.3, 0.8),
            rng.uniform(0, 0.5), rng.uniform(-0.001, 0.006),
        ],
        np.float32,
    )  # fmt: skip


def _hair_chances(dark: float) -> F:
    light = np.array([0.08, 0.14, 0.18, 0.16, 0.13, 0.10, 0.06, 0.05, 0.06, 0.04])
    deep = np.array([0.50, 0.30, 0.08, 0.02, 0.01, 0.0, 0.0, 0.0, 0.06, 0.03])
    p = (1 - dark) * light + dark * deep
    return p / p.sum()


def _iris_chances(dark: float) -> F:
    light = np.array([0.18, 0.16, 0.08, 0.12, 0.16, 0.12, 0.10, 0.08])
    deep = np.array([0.10, 0.35, 0.55, 0, 0, 0, 0, 0])
    k = min(dark * 2, 1)
    p = (1 - k) * light + k * deep
    return p / p.sum()


def draw_light(rng: np.random.Generator) -> dict[str, object]:
    """A room: one to three lamps, of which the first casts shadows, and light from all round."""
    azimuth = rng.uniform(-80, 80, LIGHTS)
    height = np.clip(rng.normal(30, 25, LIGHTS), -25, 80)
    a, h = np.radians(azimuth), np.radians(height)
    direction = np.stack([np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)], -1)
    if rng.random() < 0.25:
        direction[2] = [rng.choice([-1, 1]) * 0.85, 0.3, -0.45]  # a rim from behind
    warmth = rng.normal(0, 0.16, (LIGHTS, 1))
    power = np.array([rng.uniform(0.35, 1.5), rng.uniform(0, 0.6), rng.uniform(0, 0.4)])
    power[1:] *= rng.random(LIGHTS - 1) < 0.6
    sky_power = rng.uniform(0.12, 0.55)
    if rng.random() < SOFT_ROOMS:
        power *= rng.uniform(0.1, 0.4)
        sky_power = rng.uniform(0.5, 0.95)
    colour = power[:, None] * np.exp(warmth * np.array([1.0, 0.1, -1.3]))
    sky = sky_power * np.exp(rng.normal(0, 0.10) * np.array([1.0, 0.0, -1.2]))
    ambient = np.zeros((9, 3))
    ambient[0] = sky
    ambient[1:4] = rng.normal(0, 0.22, (3, 1)) * sky * np.exp(rng.normal(0, 0.2, (3, 3)))
    ambient[1] += rng.uniform(-0.1, 0.45) * sky  # mostly brighter from above
    ambient[4:] = rng.normal(0, 0.06, (5, 1)) * sky
    return {
        "light_direction": direction / np.linalg.norm(direction, axis=-1, keepdims=True),
        "light_colour": colour,
        "shadow": rng.uniform(0.3, 1.0),
        "ambient": ambient,
    }


def draw_place(rng: np.random.Generator) -> dict[str, object]:
    """What is behind the person."""
    base = rng.uniform(0, 1, (6, 3))
    grey = base.mean(1, keepdims=True)
    # Rooms are mostly white, grey and brown.
    base = grey + rng.beta(1.0, 4.0) * (base - grey) + rng.uniform(0, 0.08) * np.array([0.6, 0.1, -0.7])
    palette = linear(np.clip(base, 0, 1)) * rng.uniform(0.3, 1.2)
    kind = rng.dirichlet([0.5, 0.8, 0.4])
    bokeh = rng.uniform(0.3, 1.0) if rng.random() < 0.2 else 0.0
    return {
        "backdrop": palette,
        "backdrop_kind": np.array([*kind, bokeh, rng.uniform(0.0, 1.0) ** 0.6]),
        "backdrop_dice": rng.random(160),
    }


def draw_sensor(rng: np.random.Generator) -> dict[str, object]:
    """A webcam, a phone or a good camera, well or badly set."""
    poor = rng.beta(1.0, 1.6)
    moving = rng.random() < 0.15
    sigma = abs(rng.normal(0, 0.45 + 0.5 * poor))
    smear = np.array([moving * rng.uniform(0.5, 2.2), 0.0])
    return {
        "exposure": float(np.exp(rng.normal(0, 0.22))),
        "white_balance": np.exp(rng.normal(0, 0.05, 3) * np.array([1.0, 0.4, 1.0])),
        "contrast": rng.uniform(0.0, 1.0),
        "vignette": rng.uniform(0, 0.35) * (rng.random() < 0.5),
        "blur": sigma + smear[:: rng.choice([1, 1, -1])],
        "noise": [poor * abs(rng.normal(0, 0.016)), poor * abs(rng.normal(0, 0.009))],
        "resample": rng.uniform(0.35, 1.0) if rng.random() < 0.4 * (0.4 + poor) else 1.0,
        "jpeg": rng.uniform(0.15, 1.6) * (0.4 + poor) if rng.random() < 0.6 else 0.0,
    }


def draw_camera(rng: np.random.Generator) -> dict[str, object]:
    """Webcams and phones at 0.35 to 1.2 m; the face fills half to four fifths of the picture."""
    distance = float(np.exp(rng.uniform(np.log(0.35), np.log(1.2))))
    return {
        "distance_m": distance,
        "focal": rng.uniform(0.50, 0.78) * distance / 0.17,
        "shift": np.clip(rng.normal(0, 0.035, 2), -0.1, 0.1),
        "torso_share": rng.uniform(0.0, 0.6),
    }


def sample(
    n: int,
    generator: np.random.Generator,
    identity: IdentityDraw = random_identity,
    per_person: int = 1,
    neutral_share: float = 0.0,
    fera: bool = False,
) -> Parameters:
    """Draws n pictures.

    Args:
        generator: Seeds everything.
        identity: Draws (208,) of one person.
        per_person: So many pictures in a row are of one person (same identity and looks).
        neutral_share: Chance of a face at rest, beside those that ``draw_expression`` leaves at rest.
        fera: Head poses are the nine of FERA 2017 in turn instead of random ones.
    """
    rows: dict[str, list] = {f.name: [] for f in fields(Parameters)}
    person: dict[str, object] = {}
    for k in range(n):
        if k % per_person == 0:
            person = {"identity": identity(generator), **draw_person(generator)}
        rest = generator.random() < neutral_share
        au = np.zeros(N_CHANNELS, np.float32) if rest else draw_expression(generator)
        head = draw_head(generator)
        if fera:
            head = np.array([*FERA_ORIENTATIONS[k % len(FERA_ORIENTATIONS)], 0.0], np.float32)
        row = {
            **person,
            "au": au,
            "gaze_deg": np.concatenate(draw_gaze(generator)),
            "euler_deg": head,
            **draw_camera(generator),
            **draw_light(generator),
            **draw_place(generator),
            **draw_sensor(generator),
        }
        for name, value in row.items():
            rows[name].append(value)
    columns = {name: torch.from_numpy(np.array(values, np.float32)) for name, values in rows.items()}
    columns["brow_style"] = columns["brow_style"].long()
    return Parameters(**columns)
