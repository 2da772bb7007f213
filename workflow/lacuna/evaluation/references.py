"""Where splits and metrics come from."""

HODOS = "Hodos et al. 2018, Pac Symp Biocomput 23:32, doi:10.1142/9789813235533_0004"
SPEARMAN_BROWN = (
    "Spearman 1910, Br J Psychol 3:271, doi:10.1111/j.2044-8295.1910.tb00206.x; "
    "Brown 1910, Br J Psychol 3:296, doi:10.1111/j.2044-8295.1910.tb00207.x"
)
UMAROV = "Umarov et al. 2021, PLoS Comput Biol 17:e1009465, doi:10.1371/journal.pcbi.1009465"
HERE = "defined here"
