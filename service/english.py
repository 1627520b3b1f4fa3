"""English index terms: Snowball stems (PyStemmer), with irregular forms and the other spelling brought together.

Snowball cannot know that "fled" is a form of flee, nor that defence is defense. Forms that are words of their own as
often (left, found, saw, lay, bore, wound) stay what they are.
"""

from __future__ import annotations

from functools import lru_cache

# headword: irregular forms
_IRREGULAR = """
arise arose arisen; awake awoke awoken; bear borne; beat beaten; become became; begin began begun; bend bent; bet;
bind bound; bite bitten; bleed bled; blow blew blown; break broke broken; breed bred; bring brought; build built; burn
burnt; burst; buy bought; catch caught; choose chose chosen; cling clung; come came; creep crept; deal dealt; dig dug;
draw drew drawn; dream dreamt; drink drank drunk; drive drove driven; dwell dwelt; eat ate eaten; fall fell fallen;
feed fed; feel felt; fight fought; flee fled; fly flew flown flies; forbid forbade forbidden; forget forgot forgotten;
forgive forgave forgiven; freeze froze frozen; get got gotten; give gave given; go goes went gone; grow grew grown;
hang hung; hear heard; hide hid hidden; hold held; keep kept; kneel knelt; know knew known; lead led; leap leapt;
learn learnt; lend lent; lose lost; make made; mean meant; meet met; mistake mistook mistaken; overcome overcame;
oversee oversaw overseen; overtake overtook overtaken; overthrow overthrew overthrown; pay paid; prove proven; ride
rode ridden; ring rang rung; rise rose risen; run ran; say said; see seen; seek sought; sell sold; send sent; shake
shook shaken; shine shone; shoot shot; show shown; shrink shrank shrunk; sing sang sung; sink sank sunken; sit sat;
sleep slept; slide slid; smell smelt; sow sown; speak spoke spoken; speed sped; spend spent; spin spun; split; spread;
spring sprang sprung; stand stood; steal stole stolen; stick stuck; strike struck stricken; string strung; strive
strove striven; swear swore sworn; sweep swept; swell swollen; swim swam swum; swing swung; take took taken; teach
taught; tear tore torn; tell told; think thought; throw threw thrown; undergo undergoes underwent undergone;
understand understood; undertake undertook undertaken; uphold upheld; wake woke woken; wear wore worn; weave wove
woven; weep wept; win won; withdraw withdrew withdrawn; withhold withheld; withstand withstood; write wrote written;
rewrite rewrote rewritten; rebuild rebuilt; repay repaid; retake retook retaken; forego forewent; foresee foresaw
foreseen; outgrow outgrew outgrown; mislead misled; misunderstand misunderstood; do does done; bid bade bidden; die
dying; lie lying; tie tying; man men; woman women; child children; foot feet; tooth teeth; goose geese; mouse mice; ox
oxen; policeman policemen; fisherman fishermen; gunman gunmen; spokesman spokesmen; fireman firemen; businessman
businessmen; congressman congressmen; statesman statesmen; serviceman servicemen; airman airmen; policewoman
policewomen; nobleman noblemen; craftsman craftsmen; chairman chairmen; militiaman militiamen; tribesman tribesmen;
rifleman riflemen; wife wives; knife knives; loaf loaves; half halves; wolf wolves; thief thieves; shelf shelves; calf
calves; self selves; crisis crises; analysis analyses; hypothesis hypotheses; diagnosis diagnoses; oasis oases;
synthesis syntheses; emphasis emphases; parenthesis parentheses; phenomenon phenomena; criterion criteria; bacterium
bacteria; curriculum curricula; memorandum memoranda; stratum strata; nucleus nuclei; fungus fungi; stimulus stimuli;
cactus cacti; radius radii; alumnus alumni alumna; larva larvae; vertebra vertebrae; alga algae; antenna antennae;
formula formulae; index indices; matrix matrices; vertex vertices; appendix appendices; genus genera; corpus corpora;
mitochondrion mitochondria; referendum referenda; far farther farthest further furthest; good better best; bad worse
worst; little less least; old older oldest; large larger largest; big bigger biggest; great greater greatest; high
higher highest; low lower lowest; early earlier earliest; late later; small smaller smallest; long longer longest;
short shorter shortest; tall taller tallest; strong stronger strongest; weak weaker weakest; heavy heavier heaviest;
light lighter lightest; wide wider widest; near nearer nearest; close closer closest; young younger youngest; new
newer newest; poor poorer poorest; rich richer richest; fast faster fastest; slow slower slowest; deep deeper deepest;
hot hotter hottest; cold colder coldest; warm warmer warmest; cool cooler coolest; easy easier easiest; hard harder
hardest; broad broader broadest; dark darker darkest; thick thicker thickest; thin thinner thinnest; cheap cheaper
cheapest; safe safer safest; simple simpler simplest; few fewer fewest; bright brighter brightest; rare rarer rarest;
soft softer softest; tough tougher toughest; fresh fresher freshest;
"""
# one spelling: the others
_SPELLINGS = """
defense defence; offense offence; license licence; pretense pretence; practice practise; center centre; theater
theatre; meter metre; kilometer kilometre; centimeter centimetre; millimeter millimetre; liter litre; fiber fibre;
caliber calibre; somber sombre; specter spectre; maneuver manoeuvre; color colour; labor labour; harbor harbour; favor
favour; honor honour; neighbor neighbour; rumor rumour; behavior behaviour; armor armour; vapor vapour; humor humour;
tumor tumour; vigor vigour; rigor rigour; odor odour; parlor parlour; savior saviour; endeavor endeavour; valor
valour; flavor flavour; candor candour; clamor clamour; splendor splendour; glamor glamour; favorite favourite;
favorable favourable; honorable honourable; laborer labourer; program programme; catalog catalogue; dialog dialogue;
analog analogue; gray grey; plow plough; tire tyre; mold mould; molt moult; smolder smoulder; sulfur sulphur; aluminum
aluminium; aging ageing; judgment judgement; acknowledgment acknowledgement; fulfill fulfil; enroll enrol; install
instal; skeptic sceptic; skeptical sceptical; jewelry jewellery; traveler traveller; counselor counsellor; councilor
councillor; woolen woollen; pajamas pyjamas; airplane aeroplane; pediatric paediatric; anemia anaemia; leukemia
leukaemia; hemorrhage haemorrhage; fetus foetus; estrogen oestrogen; archeology archaeology; archeologist
archaeologist; archeological archaeological; medieval mediaeval; encyclopedia encyclopaedia; orthopedic orthopaedic;
gynecology gynaecology; esophagus oesophagus; diarrhea diarrhoea; hemoglobin haemoglobin; paleontology palaeontology;
artifact artefact; czar tsar; draft draught; wagon waggon; jail gaol; likable likeable; sizable sizeable; ax axe;
mustache moustache; cozy cosy; curb kerb; disk disc; inquiry enquiry; gram gramme; kilogram kilogramme; mom mum;
whiskey whisky; yogurt yoghurt; ton tonne;
"""


@lru_cache(maxsize=200_000)
def stem(plain: str) -> str:
    """The index term of an English word in plain spelling."""
    return settled(light(plain))


def light(plain: str) -> str:
    """Snowball's stem of a word in plain spelling: what the bundled encoder was trained on."""
    return str(_snowball().stemWord(plain))


def settled(snowball: str) -> str:
    """The stem that stands for one of Snowball's."""
    found = _standing().get(snowball)
    if found is not None:
        return found
    if snowball.endswith("is") and len(snowball) > 5:  # organise, organize: Snowball knows the ending with z alone
        return light(snowball[:-1] + "ze")
    return snowball


@lru_cache(maxsize=1)
def _snowball():  # type: ignore[no-untyped-def]
    import Stemmer

    return Stemmer.Stemmer("english")


@lru_cache(maxsize=1)
def _standing() -> dict[str, str]:
    groups = [line.split() for line in f"{_IRREGULAR} {_SPELLINGS}".replace("\n", " ").split(";") if line.strip()]
    heads = {light(head) for head, *_ in groups}
    return {form: light(head) for head, *forms in groups for word in forms if (form := light(word)) not in heads}
