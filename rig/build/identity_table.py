"""What a sculptor can ask of the face: the places of the face and the 208 controls, as data.

``PLACES``: name -> (group, centre in mm on the base face, radius in mm). Radius 0 is the one decomposed bone (or
pair) that lies there, names in its stead are those places together; else the place is every bone with a fair share of
its skin within the radius. A centre off the middle means a mirrored pair.

``CONTROLS``: one a line, ``place | degree of freedom | name | what 0 looks like | what 1 looks like``. The degrees of
freedom are those of ``rig.build.identity.MOVES``; those that begin with ``one-`` are not symmetric (1 = towards, or
higher or larger on, the subject's left).
"""

LIP_LINE_MM = -71.8
"""Where the lips meet: "upper lip" has no bone below this height and "lower lip" none above."""

PLACES: dict[str, tuple[str, tuple[float, float, float], float | tuple[str, ...]]] = {
    "face": ("whole face", (0, -25, 0), 400),
    "lower face": ("whole face", (0, -85.3, 5.4), 52),
    "midface": ("whole face", (0, -42.7, 15.6), 48),
    "eye": ("eyes", (32.7, -0.6, 5.4), 25),
    "eyeball": ("eyes", (31.6, -0.7, 0.4), 16),
    "upper lid": ("lids", (33.8, 2.9, 15.6), 0),
    "lower lid": ("lids", (31.7, -6.3, 13.5), 0),
    "outer eye corner": ("lids", (39, -0.2, 12.6), 0),
    "inner eye corner": ("lids", (21.3, -5.4, 11.5), 0),
    "lower lid end": ("lids", (40.1, -4.2, 9), 0),
    "eye bag": ("lids", (46.7, -10.9, 7), 0),
    "brow": ("brows", (31, 20, 19), ("inner brow", "middle brow", "outer brow")),
    "inner brow": ("brows", (15, 19, 25), 0),
    "middle brow": ("brows", (32, 22, 20), 0),
    "outer brow": ("brows", (47, 20, 9), 0),
    "glabella": ("brows", (0, 7.5, 21.6), 0),
    "nose": ("nose", (0, -36.3, 27.6), 26),
    "nose bridge": ("nose bridge", (0, -17.8, 18.1), 0),
    "nose ridge": ("nose bridge", (0, -34.7, 29.6), 0),
    "nose side": ("nose bridge", (18.7, -28.6, 17.6), 0),
    "nose tip": ("nose tip", (0, -42.3, 34.6), 0),
    "nose wing": ("nose wings", (11.9, -41.4, 28.6), 0),
    "nose base": ("nose tip", (0, -58, 26.1), 0),
    "mouth": ("lips & corners", (0, -71.2, 24.5), 30),
    "upper lip": ("lips & corners", (0, -65.3, 30.6), 17),
    "lower lip": ("lips & corners", (0, -78.6, 27.3), 17),
    "philtrum": ("lips & corners", (0, -59.6, 28.6), 0),
    "lip bow": ("lips & corners", (0, -63, 33.6), 0),
    "upper lip side": ("lips & corners", (11.7, -67.4, 27.6), 0),
    "upper lip end": ("lips & corners", (21.6, -69.4, 22.1), 0),
    "lower lip side": ("lips & corners", (13, -78.6, 25.4), 0),
    "lower lip end": ("lips & corners", (20.6, -77, 19.5), 0),
    "mouth corner": ("lips & corners", (25.8, -73.2, 18.5), 9),
    "under lip": ("chin", (0, -81.7, 27.3), 0),
    "chin dent": ("chin", (0, -92.1, 19.4), 0),
    "chin": ("chin", (0, -105.2, 12.6), 24),
    "chin boss": ("chin", (0, -109.8, 8.1), 0),
    "chin side": ("chin", (10.6, -99.4, 21.5), 0),
    "jaw": ("jaw", (37.6, -92.9, -11.4), ("jaw front", "jaw edge", "jaw corner")),
    "jaw front": ("jaw", (26.3, -91.1, 9.5), 0),
    "jaw edge": ("jaw", (27, -96.5, -16.4), 0),
    "jaw corner": ("jaw", (31.3, -98.5, -32.4), 0),
    "jaw hinge": ("jaw", (41.2, -49.6, -64.4), 0),
    "cheekbone": ("cheekbones", (41.8, -29.3, 10.9), 0),
    "cheek arch": ("cheekbones", (55.3, -20.4, -18.4), 0),
    "cheek": ("cheeks", (46.5, -55.1, 3.3), 25),
    "outer cheek": ("cheeks", (53.9, -44.8, -2), 0),
    "lower cheek": ("cheeks", (34.6, -59, 2.6), 0),
    "mouth cheek": ("cheeks", (36.9, -75.3, 9), 0),
    "smile fold": ("cheeks", (23.1, -57.1, 18.7), 0),
    "corner fold": ("cheeks", (27.7, -74.2, 13.1), 0),
    "forehead": ("forehead", (0, 46.6, 12.6), 46),
    "forehead side": ("forehead", (29.1, 51.8, 0.6), 0),
    "temple": ("temples", (58, 20, -8), 0),
    "ear": ("ears", (72.7, -22.5, -75.4), 30),
    "ear lobe": ("ears", (70.5, -46.9, -65.4), 15),
    "ear top": ("ears", (68.5, -10.3, -87.4), 0),
    "skull": ("skull", (0, 42.5, -64.4), 88),
    "crown": ("skull", (21.9, 83.5, -62.4), 0),
    "skull side": ("skull", (69.5, 2.9, -58.4), 0),
    "skull back side": ("skull", (46.4, 20.2, -107.4), 0),
    "skull back": ("skull", (30.3, -16.4, -131.4), 0),
    "nape": ("skull", (33.2, -59.2, -117.4), 0),
    "throat": ("neck", (0, -115.8, -24.4), 34),
    "neck": ("neck", (0, -154.8, -89.4), 75),
}

CONTROLS = """
face | wide | face width | narrow | wide
face | tall | face height | short | long
face | deep | face depth | flat | deep
face | taper | face taper | broad jaw, narrow brow | heart-shaped
face | bow | face profile | hollow profile | arched profile
face | wrap | face flatness | flat from side to side | wraps around
lower face | up | lower face up | long below the nose | short below the nose
lower face | forward | lower face forward | sits back | juts forward
lower face | pitch | lower face tilt | chin tucked in | chin tipped out
midface | up | midface height | sits low | sits high
midface | forward | midface forward | sunken | prominent
midface | wide | midface width | narrow | wide
face | one-bend | face bend | bowed to the right | bowed to the left
eye | out | eyes apart | close-set | wide-set
eye | up | eyes up | low on the face | high on the face
eye | forward | eyes forward | deep-set | bulging
eye | size | eye size | small | large
eye | roll | eyes slant | outer corners down | outer corners up
eye | yaw | eyes turned | facing inwards | facing outwards
eye | pitch | eyes tilt | brow overhangs | lower lid protrudes
eye | tall | eye height | flat | round
eye | wide | eye width | short | long
eyeball | forward | eyeballs forward | sunken eyeballs | protruding eyeballs
eyeball | size | eyeball size | small eyeballs | large eyeballs
eye | one-higher | one eye higher | right eye higher | left eye higher
upper lid | up | upper lids up | heavy-lidded | wide open
upper lid | forward | upper lids forward | lid set back | lid full
upper lid | roll | upper lids slant | lid falls outwards | lid rises outwards
lower lid | up | lower lids up | drooping, round | raised, narrow
lower lid | forward | lower lids forward | flat below the eye | puffy below the eye
lower lid | out | lower lids out | low point near the nose | low point near the temple
lower lid | roll | lower lids slant | lid falls outwards | lid rises outwards
outer eye corner | up | outer eye corners up | droop | lifted
outer eye corner | out | outer eye corners out | short eye | long eye
outer eye corner | forward | outer eye corners forward | wraps back | faces front
inner eye corner | up | inner eye corners up | dips low | sits high
inner eye corner | out | inner eye corners apart | near the nose | away from the nose
inner eye corner | forward | inner eye corners forward | deep | shallow
lower lid end | up | lower lid ends up | sags | taut
lower lid end | forward | lower lid ends forward | set back | full
eye bag | up | eye bags up | low | high
eye bag | forward | eye bags forward | hollow | puffy
eye bag | out | eye bags out | narrow | wide
brow | up | brows up | low | high
brow | out | brows apart | meet in the middle | far apart
brow | forward | brows forward | flat brow | heavy brow
brow | roll | brows slant | slope down outwards | slope up outwards
brow | wide | brow length | short | long
brow | one-higher | one brow higher | right brow higher | left brow higher
inner brow | up | inner brows up | low | high
inner brow | forward | inner brows forward | flat | ridged
inner brow | out | inner brows apart | close | apart
middle brow | up | brow arch up | flat arch | high arch
middle brow | forward | brow arch forward | flat | ridged
outer brow | up | brow tails up | drooping | lifted
outer brow | forward | brow tails forward | set back | overhanging
outer brow | out | brow tails out | short | long
glabella | up | brow valley up | low | high
glabella | forward | brow valley forward | hollow | ridged
nose | up | nose up | low | high
nose | forward | nose forward | flat | projecting
nose | wide | nose width | narrow | broad
nose | tall | nose length | short | long
nose | size | nose size | small | large
nose | pitch | nose tilt | droops | turned up
nose | one-sideways | nose sideways | towards the right | towards the left
nose | one-roll | nose bend | bent to the right | bent to the left
nose bridge | up | nose bridge up | low root | high root
nose bridge | forward | nose bridge forward | low, flat bridge | high, straight bridge
nose bridge | wide | nose bridge width | thin | broad
nose bridge | pitch | nose bridge slope | straight from the brow | sloping from a low root
nose ridge | forward | nose hump | scooped | humped
nose ridge | up | nose hump up | low | high
nose ridge | wide | nose ridge width | sharp | broad
nose side | out | nose sides out | pinched | broad
nose side | up | nose sides up | low | high
nose side | forward | nose sides forward | hollow | full
nose side | size | nose side fullness | lean | full
nose tip | up | nose tip up | tip droops | tip turned up
nose tip | forward | nose tip forward | short tip | long tip
nose tip | wide | nose tip width | pointed | bulbous
nose tip | size | nose tip size | small | large
nose tip | pitch | nostrils shown | nostrils hidden | nostrils seen
nose tip | one-sideways | nose tip sideways | towards the right | towards the left
nose wing | out | nose wings apart | narrow nostrils | flared nostrils
nose wing | up | nose wings up | low | high
nose wing | forward | nose wings forward | set back | set forward
nose wing | size | nose wing size | small wings | large wings
nose wing | yaw | nose wings turned | closed | open to the front
nose wing | pitch | nose wings tilt | hang down | lift up
nose base | forward | nose base forward | set back | prominent
nose base | up | nose base up | low | high
mouth | up | mouth up | low | high
mouth | forward | mouth forward | sunken | protruding
mouth | wide | mouth width | small mouth | wide mouth
mouth | tall | lip height | thin lips | full lips
mouth | deep | mouth roundness | flat across | curved around the teeth
mouth | pitch | mouth tilt | upper lip forward | lower lip forward
mouth | one-sideways | mouth sideways | towards the right | towards the left
mouth | one-roll | mouth slant | right corner higher | left corner higher
upper lip | up | upper lip up | long upper lip | short upper lip
upper lip | forward | upper lip forward | set back | protruding
upper lip | tall | upper lip fullness | thin | full
lower lip | up | lower lip up | low | high
lower lip | forward | lower lip forward | set back | pouting
lower lip | tall | lower lip fullness | thin | full
philtrum | forward | philtrum forward | hollow | full
philtrum | up | philtrum up | long | short
philtrum | wide | philtrum width | narrow | broad
lip bow | up | lip bow up | flat bow | peaked bow
lip bow | forward | lip bow forward | flat | pronounced
upper lip side | up | upper lip sides up | thin beside the bow | full beside the bow
upper lip end | up | upper lip ends up | turned down | turned up
lower lip side | up | lower lip sides up | low | high
lower lip side | out | lower lip sides out | bunched | spread
lower lip side | forward | lower lip sides forward | flat | full
lower lip end | up | lower lip ends up | low | high
lower lip end | forward | lower lip ends forward | set back | full
mouth corner | up | mouth corners up | turned down | turned up
mouth corner | out | mouth corners out | drawn in | drawn out
mouth corner | forward | mouth corners forward | tucked in | set forward
mouth corner | one-higher | one mouth corner higher | right corner higher | left corner higher
under lip | forward | under lip forward | deep hollow | filled
under lip | up | under lip up | low | high
chin dent | forward | chin dent forward | deep dent | filled
chin dent | up | chin dent up | low | high
chin | up | chin up | long chin | short chin
chin | forward | chin forward | receding | prominent
chin | wide | chin width | pointed | square
chin | size | chin size | small | large
chin | pitch | chin tilt | slopes back | juts up
chin | one-sideways | chin sideways | towards the right | towards the left
chin boss | up | chin boss up | hangs low | sits high
chin boss | forward | chin boss forward | flat | knobbed
chin boss | wide | chin boss width | narrow | broad
chin side | out | chin sides out | narrow | broad
chin side | forward | chin sides forward | flat | full
chin side | up | chin sides up | low | high
jaw | out | jaw width | narrow jaw | wide jaw
jaw | up | jaw up | heavy, low | light, high
jaw | forward | jaw forward | set back | set forward
jaw | roll | jaw slope | tapering | square
jaw | one-sideways | jaw sideways | towards the right | towards the left
jaw front | out | jaw front out | tapered | square
jaw front | up | jaw front up | jowls | lifted
jaw front | forward | jaw front forward | flat | full
jaw edge | up | jaw edge up | low | high
jaw edge | forward | jaw edge forward | set back | set forward
jaw corner | out | jaw corners out | narrow | angular
jaw corner | up | jaw corners up | low, square | high, sloping
jaw hinge | out | jaw hinges out | narrow | broad
jaw hinge | forward | jaw hinges forward | set back | set forward
cheekbone | out | cheekbones out | narrow | broad
cheekbone | up | cheekbones up | low | high
cheekbone | forward | cheekbones forward | flat | prominent
cheekbone | size | cheekbone size | slight | strong
cheek arch | out | cheek arches out | narrow | broad
cheek arch | up | cheek arches up | low | high
cheek arch | forward | cheek arches forward | set back | set forward
cheek | out | cheeks out | gaunt | chubby
cheek | up | cheeks up | sagging | lifted
cheek | forward | cheeks forward | flat | full
cheek | one-larger | one cheek fuller | right cheek fuller | left cheek fuller
outer cheek | out | outer cheeks out | hollow | round
outer cheek | up | outer cheeks up | low | high
lower cheek | out | lower cheeks out | hollow | full
lower cheek | up | lower cheeks up | low | high
lower cheek | forward | lower cheeks forward | sunken | puffed
mouth cheek | out | mouth cheeks out | lean | plump
mouth cheek | forward | mouth cheeks forward | flat | full
smile fold | out | smile folds out | near the nose | far from the nose
smile fold | up | smile folds up | low | high
smile fold | forward | smile folds forward | creased | filled
corner fold | out | corner folds out | near the mouth | far from the mouth
corner fold | forward | corner folds forward | creased | filled
forehead | forward | forehead forward | sloping | bulging
forehead | up | forehead up | low | high
forehead | wide | forehead width | narrow | broad
forehead | pitch | forehead tilt | upright | leans back
forehead side | out | forehead sides out | narrow | square
forehead side | up | forehead sides up | low | high
forehead side | forward | forehead sides forward | round | flat
temple | out | temples out | hollow | full
temple | forward | temples forward | set back | set forward
temple | size | temple fullness | lean | full
ear | out | ears out | close to the head | standing off
ear | up | ears up | low | high
ear | forward | ears forward | far back | far forward
ear | size | ear size | small | large
ear | turn | ears turned | flat to the head | turned to the front
ear | pitch | ears tilt | leaning forward | leaning back
ear | one-higher | one ear higher | right ear higher | left ear higher
ear lobe | up | ear lobes up | long lobes | short lobes
ear top | up | ear tops up | low | high, pointed
ear top | out | ear tops out | close to the head | standing off
skull | wide | skull width | narrow | broad
skull | tall | skull height | low | high
skull | deep | skull depth | short | long
crown | up | crown up | flat | peaked
crown | forward | crown forward | set back | set forward
skull side | out | skull sides out | narrow | broad
skull back side | out | skull back sides out | narrow | broad
skull back | forward | skull back forward | long | flat
nape | forward | nape forward | full | hollow
throat | up | throat up | double chin | taut
throat | forward | throat forward | set back | full
neck | wide | neck width | thin | thick
neck | deep | neck depth | slender | bull-necked
"""
