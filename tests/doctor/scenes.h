/* For each verdict, what there is to be seen when it is given. */
#ifndef TESTS_DOCTOR_SCENES_H
#define TESTS_DOCTOR_SCENES_H

#include "verdict/judge.h"

enum { SCENE_NOW_S = 1700000000 };
#define SCENE_NOW_NS (SCENE_NOW_S * INT64_C(1000000000))

/* Judges the scene of a verdict into the report; false if it has none. */
bool scene_judge(enum verdict v, struct report *r);
/* Whether the scene is of one execution, which was asked about. */
bool scene_is_of_execution(enum verdict v);
enum { SCENE_EXECUTION = 734123 };

#endif
