# noetl_test(NAME SOURCES a.c ... [ROOMS core ...] [LIBRARIES ...] [LABELS unit|servers|full])
#
# A cmocka program that ctest runs with the repository's root in NOETL_SOURCE_DIR and the built binary in
# NOETL_BINARY. Labels: unit (no server), servers (starts its own nats-server and Postgres), full (long).
function(noetl_test name)
  cmake_parse_arguments(TEST "" "TIMEOUT" "SOURCES;ROOMS;LIBRARIES;LABELS" ${ARGN})
  add_executable(test_${name} ${TEST_SOURCES})
  foreach(room IN LISTS TEST_ROOMS)
    target_link_libraries(test_${name} PRIVATE room_${room})
  endforeach()
  target_link_libraries(test_${name} PRIVATE PkgConfig::CMOCKA ${TEST_LIBRARIES})
  add_test(NAME ${name} COMMAND test_${name})
  if(NOT TEST_LABELS)
    set(TEST_LABELS unit)
  endif()
  if(NOT TEST_TIMEOUT)
    set(TEST_TIMEOUT 240)
  endif()
  set_tests_properties(${name} PROPERTIES LABELS "${TEST_LABELS}" TIMEOUT ${TEST_TIMEOUT} ENVIRONMENT
    "NOETL_SOURCE_DIR=${CMAKE_SOURCE_DIR};NOETL_BINARY=$<TARGET_FILE:noetl>")
endfunction()
