"""What a sculptor can ask of the face: the places of the face and the 208 controls, as data.

``PLACES``: name -> (group, centre in mm on the base face, radius in mm). Radius 0 is the one decomposed bone (or
pair) that lies there, names in its stead are those places together; else the place is every bone with a fair share of
its skin within the radius. A centre off the middle means a mirrored pair.

``CONTROLS``: one a line, ``place | degree of freedom | name | what 0 looks like | what 1 looks like``. The degrees of
freedom are those of ``rig.build.identity.MOVES``; those that begin with ``one-`` are not symmetric (1 = towards, or
higher or larger on, the subject's left).
"""

LIP_LINE_MM = -66.8
"""Where the lips meet: "upper lip" has no bone below this height and "lower lip" none above."""

PLACES: dict[str, tuple[str, tuple[float, float, float], float | tuple[str, ...]]] = {
    "face": ("whole face", (0, -25, 0), 400),
    "lower face": ("whole face", (0, -80, 5), 52),
    "midface": ("whole face", (0, -38, 15), 48),
    "eye": ("eyes", (30, 0, 5), 25),
    "eyeball": ("eyes", (28.9, 0, 0), 16),
    "upper lid": ("lids", (31, 3, 15), 0),
    "lower lid": ("lids", (29, -6, 13), 0),
    "outer eye corner": ("lids", (36, 0, 12), 0),
    "inner eye corner": ("lids", (19, -5, 11), 0),
    "lower lid end": ("lids", (37, -4, 8.5), 0),
    "eye bag": ("lids", (44, -9, 6.5), 0),
    "brow": ("brows", (25, 18, 17), ("inner brow", "middle brow", "outer brow")),
    "inner brow": ("brows", (13, 20, 22), 0),
    "middle brow": ("brows", (25, 20, 20), 0),
    "outer brow": ("brows", (37, 11, 5), 0),
    "glabella": ("brows", (0, 11, 21), 0),
    "nose": ("nose", (0, -34, 27), 26),
    "nose bridge": ("nose bridge", (0, -15, 17.5), 0),
    "nose ridge": ("nose bridge", (0, -32, 29), 0),
    "nose side": ("nose bridge", (18, -25, 17), 0),
    "nose tip": ("nose tip", (0, -40, 34), 0),
    "nose wing": ("nose wings", (11.5, -39, 28), 0),
    "nose base": ("nose tip", (0, -53, 25.5), 0),
    "mouth": ("lips & corners", (0, -66, 24), 30),
    "upper lip": ("lips & corners", (0, -60, 30), 17),
    "lower lip": ("lips & corners", (0, -74, 27), 17),
    "philtrum": ("lips & corners", (0, -55, 28), 0),
    "lip bow": ("lips & corners", (0, -58, 33), 0),
    "upper lip side": ("lips & corners", (11, -62, 27), 0),
    "upper lip end": ("lips & corners", (20, -64, 21.5), 0),
    "lower lip side": ("lips & corners", (12, -74, 25), 0),
    "lower lip end": ("lips & corners", (19, -72, 19), 0),
    "mouth corner": ("lips & corners", (24, -68, 18), 9),
    "under lip": ("chin", (0, -77, 27), 0),
    "chin dent": ("chin", (0, -87, 19), 0),
    "chin": ("chin", (0, -98, 12), 24),
    "chin boss": ("chin", (0, -102, 7.5), 0),
    "chin side": ("chin", (10, -93, 21), 0),
    "jaw": ("jaw", (36, -86, -12), ("jaw front", "jaw edge", "jaw corner")),
    "jaw front": ("jaw", (25, -85, 9), 0),
    "jaw edge": ("jaw", (26, -90, -17), 0),
    "jaw corner": ("jaw", (30, -91, -33), 0),
    "jaw hinge": ("jaw", (40, -44, -65), 0),
    "cheekbone": ("cheekbones", (40, -25, 10), 0),
    "cheek arch": ("cheekbones", (53, -16, -19), 0),
    "cheek": ("cheeks", (44, -50, 2), 25),
    "outer cheek": ("cheeks", (51, -40, -3), 0),
    "lower cheek": ("cheeks", (33, -54, 2), 0),
    "mouth cheek": ("cheeks", (35, -70, 8.5), 0),
    "smile fold": ("cheeks", (22, -52, 18), 0),
    "corner fold": ("cheeks", (26, -69, 12.5), 0),
    "forehead": ("forehead", (0, 50, 12), 46),
    "forehead side": ("forehead", (28, 55, 0), 0),
    "temple": ("temples", (49, 15, -1.5), 0),
    "ear": ("ears", (70, -18, -76), 30),
    "ear lobe": ("ears", (68, -42, -66), 15),
    "ear top": ("ears", (66, -6, -88), 0),
    "skull": ("skull", (0, 45, -65), 88),
    "crown": ("skull", (21, 86, -63), 0),
    "skull side": ("skull", (67, 7, -59), 0),
    "skull back side": ("skull", (44, 24, -108), 0),
    "skull back": ("skull", (29, -12, -132), 0),
    "nape": ("skull", (32, -54, -118), 0),
    "throat": ("neck", (0, -108, -25), 34),
    "neck": ("neck", (0, -150, -90), 75),
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
