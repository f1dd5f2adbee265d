# canvasback_embed_web(TARGET FOLDER): the built web app (FOLDER/index.html, FOLDER/favicon.svg, FOLDER/assets/*) inside
# TARGET, each file with its variants FILE.br and FILE.gz where they lie beside it, as the table of
# transport/http/web/web_files.hpp. Looked at by every build: a file's digest stands in the generated source, so that a
# changed one is taken anew. Without the folder the table is empty. Also run as a script (cmake -P) by the rule that it
# makes.
# canvasback_embed_site(TARGET FOLDER): the built app of published sites in the same way, with sw.js, as the table of
# service/publish/site_files.hpp: hosts compress files themselves, so without variants.
if(CMAKE_SCRIPT_MODE_FILE)
  cmake_minimum_required(VERSION 3.25)
  set(HEADER transport/http/web/web_files.hpp)
  set(TYPE http::WebFile)
  if(KIND STREQUAL "site")
    set(HEADER service/publish/site_files.hpp)
    set(TYPE SiteFile)
  endif()
  file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/index.html ${FOLDER}/favicon.svg ${FOLDER}/assets/*)
  if(KIND STREQUAL "site")
    file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/* ${FOLDER}/assets/*)
  endif()
  if(NOT EXISTS ${FOLDER}/index.html)
    set(files "")
  endif()
  set(blobs "")
  set(table "")
  set(count 0)
  macro(add_blob path out)  # the bytes of a file, as an expression
    set(${out} "{}")
    if(EXISTS ${path})
      file(SHA256 ${path} digest)
      file(SIZE ${path} size)
      string(APPEND blobs "// ${digest}\nasm(\".section .rodata\\n.balign 16\\ncanvasback_${KIND}_${count}:\\n"
        ".incbin \\\"${path}\\\"\\n.previous\");\n"
        "extern const char blob_${count}[] asm(\"canvasback_${KIND}_${count}\");\n")
      set(${out} "{blob_${count}, ${size}}")
      math(EXPR count "${count} + 1")
    endif()
  endmacro()
  foreach(file ${files})
    if(file MATCHES "\\.(br|gz|map)$" OR IS_DIRECTORY ${FOLDER}/${file})
      continue()
    endif()
    file(SHA256 ${FOLDER}/${file} tag)
    string(SUBSTRING ${tag} 0 32 tag)
    add_blob(${FOLDER}/${file} body)
    if(KIND STREQUAL "site")
      string(APPEND table "    {\"/${file}\", ${body}},\n")
      continue()
    endif()
    add_blob(${FOLDER}/${file}.br brotli)
    add_blob(${FOLDER}/${file}.gz gzip)
    string(APPEND table "    {\"/${file}\", \"\\\"${tag}\\\"\", ${body}, ${brotli}, ${gzip}},\n")
  endforeach()
  set(span "")
  if(table)
    set(span "kFiles")
    set(table "constexpr ${TYPE} kFiles[] = {\n${table}};\n")
  endif()
  string(CONCAT text "// Made from the built web app by cmake/EmbedFolder.cmake.\n"
    "#include \"${HEADER}\"\n"
    "${blobs}namespace canvasback::embedded {\n${table}const std::span<const ${TYPE}> ${KIND}_files{${span}};\n"
    "}  // namespace canvasback::embedded\n")
  set(before "")
  if(EXISTS ${OUTPUT})
    file(READ ${OUTPUT} before)
  endif()
  if(NOT text STREQUAL before)
    file(WRITE ${OUTPUT} "${text}")
  endif()
  return()
endif()

set(CANVASBACK_EMBED_FOLDER_SCRIPT ${CMAKE_CURRENT_LIST_FILE})

function(canvasback_embed_folder target folder kind)
  set(output ${CMAKE_CURRENT_BINARY_DIR}/embedded/${kind}_files.cpp)
  add_custom_target(${target}_${kind}
    COMMAND ${CMAKE_COMMAND} -DKIND=${kind} -DFOLDER=${folder} -DOUTPUT=${output} -P ${CANVASBACK_EMBED_FOLDER_SCRIPT}
    BYPRODUCTS ${output} COMMENT "Looking at the built ${kind} app" VERBATIM)
  target_sources(${target} PRIVATE ${output})
  set_source_files_properties(${output} PROPERTIES GENERATED TRUE SKIP_UNITY_BUILD_INCLUSION ON)
  add_dependencies(${target} ${target}_${kind})
endfunction()

function(canvasback_embed_web target folder)
  canvasback_embed_folder(${target} ${folder} web)
endfunction()

function(canvasback_embed_site target folder)
  canvasback_embed_folder(${target} ${folder} site)
endfunction()
