"""The pieces of which molecules are made: cores of two rings and a linker, groups, fragments.

All are SMILES. Groups and fragments are written from the atom on that binds to a ring. A fragment
of a pharmacophore stands beside its altered form, in which one atom is another.
"""

# The first ring carries one group, {0}, and the linker, {1}.
FIRST_RINGS = (
    *("c1({0})ccc({1})cc1", "c1({0})cccc({1})c1", "c1({0})ncc({1})cc1", "c1({0})cc({1})ncc1"),
    *("c1({0})ncc({1})cn1", "c1({0})sc({1})cc1", "c1({0})oc({1})cc1", "c1({0})nc({1})cs1"),
    *("c1({0})ccc2cc({1})ccc2c1", "c1({0})ccc2nc({1})ccc2c1", "c1({0})ccc2[nH]c({1})cc2c1"),
    *("c1({0})ccc2oc({1})cc2c1", "c1({0})ccc2nc({1})[nH]c2c1", "c1({0})ccc2sc({1})nc2c1"),
)
# The second ring hangs on the linker by its first atom and carries two groups.
SECOND_RINGS = (
    *("c3cc({0})cc({1})c3", "c3ccc({0})c({1})c3", "c3c({0})cc({1})cc3", "c3nc({0})cc({1})c3"),
    *("c3nc({0})c({1})cn3", "c3cc({0})sc3({1})", "c3oc({0})nc3({1})", "c3cc({0})oc3({1})"),
    *("c3ccc4c({0})cc({1})cc4c3", "c3ccc4nc({0})cc({1})c4c3", "c3cc4cc({0})cc({1})c4[nH]3"),
    *("c3nc4cc({0})cc({1})c4o3", "c3nc4cc({0})c({1})cc4s3"),
)
LINKERS = (
    *("", "C", "O", "N", "CC", "CO", "OC", "CN", "C(=O)N", "NC(=O)", "S(=O)(=O)N", "C(=O)"),
    *("C#C", "S", "N5CCN(CC5)", "N5CCC(CC5)"),
)
# A handed linker has a mirror image; @ and @@ tell the two apart.
HANDED_LINKERS = ("[C@H](C)", "O[C@H](C)", "[C@H](CC)", "N[C@H](C)")
GROUPS = (
    *("[H]", "C", "CC", "F", "Cl", "Br", "OC", "C#N", "C(C)C", "C(F)(F)F", "CO", "CCC"),
    *("CC(C)C", "C(C)=O", "N(C)C", "SC", "OCC", "C6CC6"),
)
FRAGMENTS = (
    ("C(=O)NO", "C(=O)NN"),
    ("C(=O)NCC#N", "C(=O)OCC#N"),
    ("S(=O)(=O)NCC", "S(=O)(=O)CCC"),
    ("NC(=N)NC", "NC(=O)NC"),
    ("NC(=O)C=C", "OC(=O)C=C"),
    ("P(=O)(O)OC", "P(=O)(O)CC"),
    ("OCCNCCO", "OCCOCCO"),
    ("OCCN(C)C", "OCCC(C)C"),
    ("SCCC(=O)O", "OCCC(=O)O"),
    ("C(=O)CC(C)=O", "C(=O)NC(C)=O"),
    ("OCC(F)(F)F", "OCC(F)(F)Cl"),
    ("N=NC(C)C", "C=NC(C)C"),
    ("C(C)=NO", "C(C)=NN"),
    ("NS(=O)(=O)N(C)C", "CS(=O)(=O)N(C)C"),
    ("CSC#N", "COC#N"),
    ("C=CC(=O)OC", "C=CC(=O)CC"),
    ("NC(=S)NCC", "NC(=O)NCC"),
    ("SC(=S)N(C)C", "SC(=O)N(C)C"),
    ("OC(=O)NCC", "OC(=O)OCC"),
    ("C#CCNC", "C#CCOC"),
    ("CC(C#N)C#N", "CN(C#N)C#N"),
    ("N(C)C(=O)CCl", "N(C)C(=O)CF"),
    ("C(=O)C(=O)NC", "C(=O)C(=O)OC"),
    ("SSCC", "SCCC"),
    ("N(CCCl)CCCl", "N(CCO)CCCl"),
    ("C(F)(F)C(=O)O", "C(F)(F)C(N)=O"),
    ("NCC(=O)NC", "NCC(=O)OC"),
    ("ON=C(C)C", "NN=C(C)C"),
    ("C(=O)NC(=N)N", "C(=O)NC(=O)N"),
    ("CC(=O)SC", "CC(=O)OC"),
    ("SCCNC", "SCCOC"),
    ("CCS(N)(=O)=O", "CCS(C)(=O)=O"),
)
COUNTER_IONS = ("Cl", "OS(C)(=O)=O", "OC(=O)C(F)(F)F", "Br")
# As LINCS writes structures that it does not have or may not show; the last was cut off.
UNREADABLE = ("-666", "restricted", "O=C1CCN(c2ccc(")
